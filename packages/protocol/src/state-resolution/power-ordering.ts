import { powerLevels } from '../auth-rules/power-levels.ts';
import { compareCodePoints } from '../canonical-json.ts';
import type { RoomVersion } from '../room-versions/types.ts';
import { authEventUnder } from './auth-event-under.ts';
import { EventHeap } from './event-heap.ts';
import type { LoadedEvents } from './loaded-events.ts';
import { numberAt, numberUnder } from './number-at.ts';
import type { ResolutionEvent } from './types.ts';

/**
 * The reverse topological power ordering (spec: Room Version 2): auth events first, and among those that could come
 * next the sender with the greatest power, then the earliest `origin_server_ts`, then the least event ID by code points.
 *
 * Events on a cycle of auth events, or above one, have no place in such an order and are left out.
 *
 * @param events whose auth events are loaded; only edges between these count
 * @param create the create event, where the events do not list it
 */
export function reverseTopologicalPowerOrder(
  events: readonly ResolutionEvent[],
  loaded: LoadedEvents,
  create: ResolutionEvent | undefined,
  version: RoomVersion,
): ResolutionEvent[] {
  const ranked = byPower(events, loaded, create, version);
  const rankOf = new Map(ranked.map(({ nid }, rank) => [nid, rank]));
  const listedBy = new Map<number, number[]>();
  const openCount = new Uint32Array(ranked.length);
  const ready = new EventHeap();
  for (const [rank, { authEventNids }] of ranked.entries()) {
    for (const authNid of authEventNids) {
      const authRank = rankOf.get(authNid);
      if (authRank === undefined) continue;
      const listing = listedBy.get(authRank);
      if (listing === undefined) listedBy.set(authRank, [rank]);
      else listing.push(rank);
      openCount[rank] = numberAt(openCount, rank) + 1;
    }
    if (openCount[rank] === 0) ready.push(rank);
  }

  const ordered: ResolutionEvent[] = [];
  for (let rank = ready.pop(); rank !== undefined; rank = ready.pop()) {
    ordered.push(...ranked.slice(rank, rank + 1));
    for (const listing of listedBy.get(rank) ?? []) {
      const open = numberAt(openCount, listing) - 1;
      openCount[listing] = open;
      if (open === 0) ready.push(listing);
    }
  }
  return ordered;
}

function byPower(
  events: readonly ResolutionEvent[],
  loaded: LoadedEvents,
  create: ResolutionEvent | undefined,
  version: RoomVersion,
): ResolutionEvent[] {
  const powerOf = new Map<ResolutionEvent, number>();
  for (const event of events) {
    const levels = authEventUnder(event, 'm.room.power_levels', '', loaded);
    const creation = create ?? authEventUnder(event, 'm.room.create', '', loaded);
    powerOf.set(event, powerLevels(levels?.content, creation, version).userLevel(event.sender));
  }
  return events.toSorted((a, b) => {
    const [powerOfA, powerOfB] = [numberUnder(powerOf, a), numberUnder(powerOf, b)];
    return powerOfA === powerOfB ? compareByTime(a, b) : powerOfA > powerOfB ? -1 : 1;
  });
}

/** The last two tie-breaks of both orderings: `origin_server_ts`, then the event ID by code points. */
export function compareByTime(a: ResolutionEvent, b: ResolutionEvent): number {
  return a.origin_server_ts === b.origin_server_ts
    ? compareCodePoints(a.eventId, b.eventId)
    : a.origin_server_ts - b.origin_server_ts;
}
