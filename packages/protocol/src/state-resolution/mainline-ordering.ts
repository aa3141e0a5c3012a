import { authEventUnder } from './auth-event-under.ts';
import type { LoadedEvents } from './loaded-events.ts';
import { numberUnder } from './number-at.ts';
import { compareByTime } from './power-ordering.ts';
import type { Steps } from './steps.ts';
import type { ResolutionEvent } from './types.ts';

/**
 * The mainline ordering (spec: Room Version 2, "Mainline ordering"): events whose power levels are of an earlier
 * epoch of the room come first, then by `origin_server_ts`, then by event ID in code points. Each power levels event on
 * the way back is a question of its own to the source, unless it was loaded before.
 *
 * @param levels the power levels that the mainline begins with; without them all positions are infinite
 */
export function* mainlineOrder(
  events: readonly ResolutionEvent[],
  levels: ResolutionEvent | undefined,
  loaded: LoadedEvents,
): Steps<ResolutionEvent[]> {
  const positionOf = new Map<ResolutionEvent, number>();
  for (let next = levels; next !== undefined && !positionOf.has(next);) {
    positionOf.set(next, positionOf.size);
    next = yield* levelsBefore(next, loaded);
  }
  const mainlineLength = positionOf.size;
  const positions = new Map<ResolutionEvent, number>();
  for (const event of events) {
    // Events that share power levels share the walk: each of them learns the position that was found.
    const walked = new Set<ResolutionEvent>();
    let next = yield* levelsBefore(event, loaded);
    while (next !== undefined && !positionOf.has(next) && !walked.has(next)) {
      walked.add(next);
      next = yield* levelsBefore(next, loaded);
    }
    const position = (next === undefined ? undefined : positionOf.get(next)) ?? mainlineLength;
    for (const passed of walked) positionOf.set(passed, position);
    positions.set(event, position);
  }
  return events.toSorted(
    (a, b) => numberUnder(positions, b) - numberUnder(positions, a) || compareByTime(a, b),
  );
}

function* levelsBefore(
  event: ResolutionEvent,
  loaded: LoadedEvents,
): Steps<ResolutionEvent | undefined> {
  yield* loaded.load(Array.from(event.authEventNids));
  return authEventUnder(event, 'm.room.power_levels', '', loaded);
}
