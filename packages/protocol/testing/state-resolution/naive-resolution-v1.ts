import { hash } from 'node:crypto';

import { authorise } from '../../src/auth-rules/authorise.ts';
import { placeAt } from './room-event.ts';
import type { NaiveRoom, RoomEvent, RoomState } from './room-event.ts';

/** The algorithm of room version 1, in its own words. */
export function naiveResolutionV1(states: readonly RoomState[], room: NaiveRoom): RoomState {
  const places = new Set(states.flatMap((state) => [...state.keys()]));
  const idsAt = (place: string): string[] => [
    ...new Set(states.flatMap((state) => state.get(place) ?? [])),
  ];
  const conflicting = [...places].filter((place) => idsAt(place).length > 1);
  let r: RoomState = new Map(
    [...places].flatMap((place) => {
      const [id, ...others] = idsAt(place);
      return id === undefined || others.length > 0 ? [] : [[place, id]];
    }),
  );
  for (const type of ['m.room.power_levels', 'm.room.join_rules', 'm.room.member']) {
    const before = r;
    for (const place of conflicting.filter((each) => each.startsWith(`${type}|`))) {
      const id = longestRun(inOrder(idsAt(place), room), place, before, room);
      r = new Map([...r, [place, id]]);
    }
  }
  for (const place of conflicting.filter((each) => !r.has(each))) {
    const highestFirst = inOrder(idsAt(place), room).toReversed();
    const allowed = highestFirst.find((event) => isAllowed(event, r, room));
    r = new Map([...r, [place, (allowed ?? highestFirst.at(-1))?.eventId ?? '']]);
  }
  return r;
}

/** By ascending depth, then descending SHA-1. */
function inOrder(ids: readonly string[], room: NaiveRoom): RoomEvent[] {
  const sha1 = (event: RoomEvent): Buffer => hash('sha1', event.eventId, 'buffer');
  return ids
    .flatMap((id) => room.events.get(id) ?? [])
    .toSorted((a, b) => a.depth - b.depth || Buffer.compare(sha1(b), sha1(a)));
}

function longestRun(
  events: readonly RoomEvent[],
  place: string,
  r: RoomState,
  room: NaiveRoom,
): string {
  const [first, ...others] = events;
  let id = first?.eventId ?? '';
  for (const event of others) {
    if (!isAllowed(event, new Map([...r, [place, id]]), room)) break;
    id = event.eventId;
  }
  return id;
}

function isAllowed(event: RoomEvent, state: RoomState, { events, version }: NaiveRoom): boolean {
  const get = (type: string, stateKey: string): RoomEvent | undefined =>
    events.get(state.get(placeAt(type, stateKey)) ?? '');
  return authorise(event, { get }, version).allowed;
}
