import type { RoomVersion } from '../../src/room-versions/types.ts';
import { MemoryRoom } from './memory-room.ts';
import { randomRoom } from './random-room.ts';
import { Random } from './random.ts';
import { placeOf } from './room-event.ts';
import type { RoomEvent, RoomState } from './room-event.ts';

/** States to be resolved, and the room that they are of. */
export interface StatesOfRoom {
  readonly version: RoomVersion;
  readonly events: ReadonlyMap<string, RoomEvent>;
  readonly createId: string | undefined;
  readonly room: MemoryRoom;
  readonly states: readonly RoomState[];
}

/**
 * States that no honest server would hold: events of any age side by side, entries left out, events that list old auth
 * events, events that were rejected, and nearly all at the same time.
 */
export function randomStates(seed: number, version: RoomVersion, eventCount: number): StatesOfRoom {
  const random = new Random(seed ^ 0x57a7e);
  const grown = randomRoom(seed, version, eventCount);
  const stateEvents = grown.events
    .map(({ event }) => event)
    .filter(({ state_key: stateKey }) => stateKey !== undefined);
  const events = new Map<string, RoomEvent>();
  for (const event of stateEvents) {
    events.set(event.eventId, tampered(event, [...events.values()], random));
  }
  const createId = stateEvents[0]?.eventId;
  const states = Array.from({ length: 1 + random.below(5) }, () =>
    mixedState(random.pick(grown.events)?.stateBefore ?? new Map(), stateEvents, random),
  );
  return { version, events, createId, states, room: new MemoryRoom(version, events.values()) };
}

function tampered(event: RoomEvent, older: readonly RoomEvent[], random: Random): RoomEvent {
  const authEvents = event.auth_events.flatMap((id) => {
    if (random.chance(3)) return [];
    const listed = older.find(({ eventId }) => eventId === id);
    if (listed === undefined || random.chance(85)) return id;
    const alike = older.filter((other) => placeOf(other) === placeOf(listed));
    return random.pick(alike)?.eventId ?? id;
  });
  return {
    ...event,
    auth_events: authEvents,
    origin_server_ts: random.chance(50) ? 0 : event.origin_server_ts,
    rejected: random.chance(5),
  };
}

function mixedState(base: RoomState, events: readonly RoomEvent[], random: Random): RoomState {
  const state = new Map(base);
  for (const place of base.keys()) if (random.chance(5)) state.delete(place);
  for (const event of random.some(events, random.below(6))) {
    state.set(placeOf(event), event.eventId);
  }
  return state;
}
