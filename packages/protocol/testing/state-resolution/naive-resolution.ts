// State resolution a second time, as slow and as close to the words of the spec as can be: sets of event IDs and recursion.
// It shares nothing with the first but the authorisation rules and the reading of power levels. In the two places where the
// words leave or give another choice than deployed servers make, it makes theirs: an event counts as part of its
// own auth chain in the auth difference, and X is enlarged along the full conflicted set.

import { authorise } from '../../src/auth-rules/authorise.ts';
import { powerLevels } from '../../src/auth-rules/power-levels.ts';
import { naiveResolutionV1 } from './naive-resolution-v1.ts';
import { placeAt, placeOf } from './room-event.ts';
import type { NaiveRoom, RoomEvent, RoomState } from './room-event.ts';

/** The resolution of a set of states. */
export function naiveResolution(states: readonly RoomState[], room: NaiveRoom): RoomState {
  const { stateResolution } = room.version;
  return stateResolution === '1'
    ? naiveResolutionV1(states, room)
    : naiveResolutionV2(states, room, stateResolution === '2.1');
}

function naiveResolutionV2(
  states: readonly RoomState[],
  room: NaiveRoom,
  isV21: boolean,
): RoomState {
  const { unconflicted, conflicted } = separate(states);
  if (conflicted.size === 0) return unconflicted;
  const fullSet = new Set(
    [
      ...conflicted,
      ...authDifferenceOf(states, room),
      ...(isV21 ? subgraphOf(conflicted, room) : []),
    ].filter((id) => room.events.has(id)),
  );
  const powerEvents = [...fullSet].filter((id) => isPowerEvent(eventIn(room, id)));
  const x = new Set(powerEvents.flatMap((id) => [...chainWithin(id, fullSet, room)]));
  const first = powerOrder(x, room);
  const partial = applied(first, isV21 ? new Map() : unconflicted, room);
  const rest = [...fullSet].filter((id) => !x.has(id));
  const second = mainlineOrder(rest, partial.get(placeAt('m.room.power_levels', '')), room);
  return new Map([...applied(second, partial, room), ...unconflicted]);
}

function separate(states: readonly RoomState[]) {
  const unconflicted = new Map<string, string>();
  const conflicted = new Set<string>();
  for (const state of states) {
    for (const [place, id] of state) {
      if (states.every((other) => other.get(place) === id)) unconflicted.set(place, id);
      else conflicted.add(id);
    }
  }
  return { unconflicted, conflicted };
}

/** An event and its whole auth chain. */
function chainOf(id: string, room: NaiveRoom, seen = new Set<string>()): Set<string> {
  if (seen.has(id)) return seen;
  seen.add(id);
  for (const authId of room.events.get(id)?.auth_events ?? []) chainOf(authId, room, seen);
  return seen;
}

/** The same, but only along events of a set. */
function chainWithin(id: string, set: ReadonlySet<string>, room: NaiveRoom): Set<string> {
  const within = new Map([...room.events].filter(([eventId]) => set.has(eventId)));
  const chain = chainOf(id, { ...room, events: within });
  return new Set([...chain].filter((each) => set.has(each)));
}

function authDifferenceOf(states: readonly RoomState[], room: NaiveRoom): Set<string> {
  const chains = states.map(
    (state) => new Set([...state.values()].flatMap((id) => [...chainOf(id, room)])),
  );
  const union = new Set(chains.flatMap((chain) => [...chain]));
  return new Set([...union].filter((id) => !chains.every((chain) => chain.has(id))));
}

function subgraphOf(conflicted: ReadonlySet<string>, room: NaiveRoom): string[] {
  const below = new Set([...conflicted].flatMap((id) => [...chainOf(id, room)]));
  return [...below].filter((id) => [...chainOf(id, room)].some((end) => conflicted.has(end)));
}

function isPowerEvent({ type, state_key: stateKey, sender, content }: RoomEvent): boolean {
  if (type === 'm.room.power_levels') return stateKey === '';
  if (type === 'm.room.join_rules') return stateKey === '';
  const removes = content['membership'] === 'leave' || content['membership'] === 'ban';
  return type === 'm.room.member' && removes && sender !== stateKey;
}

/** Kahn's algorithm, with a search for the smallest candidate at each step. */
function powerOrder(ids: ReadonlySet<string>, room: NaiveRoom): string[] {
  const left = new Set(ids);
  const order: string[] = [];
  for (;;) {
    const candidates = [...left].filter((id) =>
      eventIn(room, id).auth_events.every((authId) => !left.has(authId)),
    );
    const [smallest] = candidates.toSorted((a, b) => {
      const byPower = powerOf(b, room) - powerOf(a, room);
      return Number.isNaN(byPower) || byPower === 0 ? byTime(a, b, room) : byPower;
    });
    if (smallest === undefined) return order;
    order.push(smallest);
    left.delete(smallest);
  }
}

function powerOf(id: string, room: NaiveRoom): number {
  const event = eventIn(room, id);
  const create = room.version.createIsAuthEvent
    ? authEventOf(event, 'm.room.create', '', room)
    : room.events.get(room.createId ?? '');
  const levels = authEventOf(event, 'm.room.power_levels', '', room);
  return powerLevels(levels?.content, create, room.version).userLevel(event.sender);
}

function byTime(a: string, b: string, room: NaiveRoom): number {
  const times = eventIn(room, a).origin_server_ts - eventIn(room, b).origin_server_ts;
  return times === 0 ? Buffer.compare(Buffer.from(a), Buffer.from(b)) : times;
}

function mainlineOrder(ids: readonly string[], levelsId: string | undefined, room: NaiveRoom) {
  const mainline = levelsId === undefined ? [] : [levelsId, ...levelsBefore(levelsId, room)];
  const position = new Map(
    ids.map((id) => {
      const found = levelsBefore(id, room).find((levels) => mainline.includes(levels));
      return [id, found === undefined ? mainline.length : mainline.indexOf(found)];
    }),
  );
  return ids.toSorted(
    (a, b) => (position.get(b) ?? 0) - (position.get(a) ?? 0) || byTime(a, b, room),
  );
}

/** The power levels that an event was sent under, the ones that those were sent under, and so on. */
function levelsBefore(id: string, room: NaiveRoom, seen: readonly string[] = []): string[] {
  const before = authEventOf(eventIn(room, id), 'm.room.power_levels', '', room)?.eventId;
  if (before === undefined || seen.includes(before)) return [];
  return [before, ...levelsBefore(before, room, [...seen, before])];
}

/** The iterative auth checks. */
function applied(ids: readonly string[], initial: RoomState, room: NaiveRoom): RoomState {
  return ids.reduce<RoomState>((state, id) => {
    const event = eventIn(room, id);
    const get = (type: string, stateKey: string): RoomEvent | undefined => {
      if (type === 'm.room.create' && !room.version.createIsAuthEvent) {
        return room.events.get(room.createId ?? '');
      }
      const inState = room.events.get(state.get(placeAt(type, stateKey)) ?? '');
      if (inState !== undefined) return inState;
      const listed = authEventOf(event, type, stateKey, room);
      return listed?.rejected === true ? undefined : listed;
    };
    const { allowed } = authorise(event, { get }, room.version);
    return allowed ? new Map([...state, [placeOf(event), id]]) : state;
  }, initial);
}

function authEventOf(event: RoomEvent, type: string, stateKey: string, room: NaiveRoom) {
  return event.auth_events
    .flatMap((id) => room.events.get(id) ?? [])
    .find((listed) => listed.type === type && listed.state_key === stateKey);
}

function eventIn({ events }: NaiveRoom, id: string): RoomEvent {
  const event = events.get(id);
  if (event === undefined) throw new Error(`no event ${id}`);
  return event;
}
