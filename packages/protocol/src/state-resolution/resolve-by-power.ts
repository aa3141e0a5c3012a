import type { Algorithm, ResolutionContext } from './algorithm.ts';
import { authDifference } from './auth-difference.ts';
import { walkAuthChains } from './auth-graph.ts';
import { conflictedSubgraph } from './conflicted-subgraph.ts';
import { PartialState, iterativeAuthChecks } from './iterative-auth-checks.ts';
import type { CheckContext } from './iterative-auth-checks.ts';
import { mainlineOrder } from './mainline-ordering.ts';
import { reverseTopologicalPowerOrder } from './power-ordering.ts';
import type { Steps } from './steps.ts';
import type { CompactState, PartitionedState, ResolutionEvent } from './types.ts';

/** In what the algorithms of room versions 2 and 12 differ. */
export interface PowerAlgorithm {
  /** What the iterative auth checks begin with. */
  readonly startsFrom: 'unconflicted-state' | 'empty-state';
  /** Whether the conflicted state subgraph is replayed too. */
  readonly replaysSubgraph: boolean;
}

const EMPTY: CompactState = { keyNids: [], eventNids: [] };

/**
 * State resolution version 2 (spec: Room Version 2, "State resolution"; version 12 for 2.1), step by step.
 *
 * Where servers that are deployed agree with each other and read the page otherwise than it may be read, so does this, since
 * a room splits where they differ: power levels and join rules are power events only under the empty state key;
 * and an event's auth chain is followed through the full conflicted set only, when X is enlarged.
 */
export function resolveByPower(algorithm: PowerAlgorithm): Algorithm {
  return function* resolve(partitioned, context) {
    const { loaded } = context;
    const fullSet = yield* loaded.load(yield* fullConflictedSet(partitioned, algorithm, context));
    // What authorises them, by their own account.
    yield* loaded.load(fullSet.flatMap(({ authEventNids }) => Array.from(authEventNids)));
    const start = algorithm.startsFrom === 'empty-state' ? EMPTY : partitioned.unconflicted;
    const checks: CheckContext = { ...context, create: yield* listedNowhere(context) };
    const state = new PartialState(yield* loaded.loadAuthorising(fullSet, start, context.version));

    const enlarged = enlargedPowerEvents(fullSet); // step 1
    const powerOrder = reverseTopologicalPowerOrder(
      [...enlarged],
      loaded,
      checks.create,
      context.version,
    );
    iterativeAuthChecks(state, powerOrder, checks); // step 2
    const remaining = fullSet.filter((event) => !enlarged.has(event));
    const levels = state.get('m.room.power_levels', '');
    const order = yield* mainlineOrder(remaining, levels, loaded); // step 3
    iterativeAuthChecks(state, order, checks); // step 4
    return state; // step 5 is the caller's, for all algorithms
  };
}

/** Spec: "Full conflicted set". */
function* fullConflictedSet(
  partitioned: PartitionedState,
  { replaysSubgraph }: PowerAlgorithm,
  { authChains, loaded }: ResolutionContext,
): Steps<Set<number>> {
  const inConflict = [...new Set(partitioned.conflictedBySet.flat())];
  const indexed = authChains?.difference(partitioned);
  const indexedSubgraph = replaysSubgraph ? authChains?.subgraph(inConflict) : [];
  if (indexed !== undefined && indexedSubgraph !== undefined) {
    return new Set([...inConflict, ...indexed, ...indexedSubgraph]);
  }
  const onMissing = (nid: number): void => loaded.miss(nid);
  const graph = yield* walkAuthChains(inConflict, onMissing);
  const difference = yield* authDifference(partitioned, graph, onMissing);
  const subgraph = replaysSubgraph ? conflictedSubgraph(inConflict, graph) : [];
  return new Set([...inConflict, ...difference, ...subgraph]);
}

function* listedNowhere({
  loaded,
  version,
  createNid,
}: ResolutionContext): Steps<ResolutionEvent | undefined> {
  if (version.createIsAuthEvent || createNid === undefined) return undefined;
  const [create] = yield* loaded.load([createNid]);
  return create;
}

// The set X: the power events, and what of the full conflicted set they lead to.
function enlargedPowerEvents(fullSet: readonly ResolutionEvent[]): Set<ResolutionEvent> {
  const byNid = new Map(fullSet.map((event) => [event.nid, event]));
  const enlarged = new Set<ResolutionEvent>();
  const waiting = fullSet.filter(isPowerEvent);
  for (let event = waiting.pop(); event !== undefined; event = waiting.pop()) {
    if (enlarged.has(event)) continue;
    enlarged.add(event);
    for (const nid of event.authEventNids) {
      const listed = byNid.get(nid);
      if (listed !== undefined) waiting.push(listed);
    }
  }
  return enlarged;
}

/** Spec: "Power events". */
function isPowerEvent({ type, state_key: stateKey, sender, content }: ResolutionEvent): boolean {
  if (type === 'm.room.power_levels' || type === 'm.room.join_rules') return stateKey === '';
  if (type !== 'm.room.member' || sender === stateKey) return false;
  return content['membership'] === 'leave' || content['membership'] === 'ban';
}
