import { authorise } from '../auth-rules/authorise.ts';
import type { Algorithm, ResolutionContext } from './algorithm.ts';
import { PartialState } from './iterative-auth-checks.ts';
import type { ResolutionEvent } from './types.ts';

/** The events in conflict under one state key, by ascending depth, then descending SHA-1 of the event ID. */
type Conflict = readonly ResolutionEvent[];

/**
 * State resolution version 1 (spec: Room Version 1, "State resolution"). Each pass resolves the conflicts of one event type
 * against the state that the passes before it left, so the order of the keys within a pass does not matter.
 *
 * Where the page is silent this does as deployed servers do: when no event of a conflict is allowed, the one with the
 * least depth stays.
 */
export const resolveByDepth: Algorithm = function* resolve({ unconflicted, conflicts }, context) {
  const { loaded, version } = context;
  const events = yield* loaded.load([...conflicts.values()].flat());
  const state = new PartialState(yield* loaded.loadAuthorising(events, unconflicted, version));
  let open: Conflict[] = [];
  for (const nids of conflicts.values()) {
    const conflict = inOrder(yield* loaded.load(nids), context);
    // A key that some states lack is not in conflict.
    if (conflict.length > 1) open.push(conflict);
    else for (const event of conflict) state.set(event);
  }
  for (const type of ['m.room.power_levels', 'm.room.join_rules', 'm.room.member']) {
    const resolved = open
      .filter((conflict) => conflict[0]?.type === type)
      .map((conflict) => lastAllowedInARow(conflict, state, context));
    open = open.filter((conflict) => conflict[0]?.type !== type);
    for (const event of resolved) if (event !== undefined) state.set(event);
  }
  const others = open.map((conflict) => highestAllowed(conflict, state, context));
  for (const event of others) if (event !== undefined) state.set(event);
  return state;
};

function inOrder(events: readonly ResolutionEvent[], { sha1 }: ResolutionContext): Conflict {
  return events
    .map((event) => ({ event, depth: event.depth, digest: sha1(event.eventId) }))
    .toSorted((a, b) => (a.depth === b.depth ? (a.digest > b.digest ? -1 : 1) : a.depth - b.depth))
    .map(({ event }) => event);
}

// Each event must be allowed by the state with the one before it; the first one that is not ends the row.
function lastAllowedInARow(
  conflict: Conflict,
  state: PartialState,
  { version, evidence }: ResolutionContext,
): ResolutionEvent | undefined {
  let [last] = conflict;
  for (const event of conflict.slice(1)) {
    const before = last;
    const withLast = {
      get: (type: string, stateKey: string) =>
        type === before?.type && stateKey === before.state_key ? before : state.get(type, stateKey),
    };
    if (!authorise(event, withLast, version, evidence).allowed) break;
    last = event;
  }
  return last;
}

function highestAllowed(
  conflict: Conflict,
  state: PartialState,
  { version, evidence }: ResolutionContext,
): ResolutionEvent | undefined {
  return (
    conflict.findLast((event) => authorise(event, state, version, evidence).allowed) ?? conflict[0]
  );
}
