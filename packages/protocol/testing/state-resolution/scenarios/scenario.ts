import type { JsonObject } from '../../../src/canonical-json.ts';
import { isJsonObject } from '../../../src/canonical-json.ts';
import type { RoomVersion } from '../../../src/room-versions/types.ts';
import { placeOf } from '../room-event.ts';
import type { RoomEvent, RoomState } from '../room-event.ts';

/** An event of a drawn graph. It is named by its key in the scenario; the others stand in the order of their clocks. */
export interface DrawnEvent {
  readonly type: string;
  readonly state_key: string;
  readonly sender: string;
  readonly content: JsonObject;
  /** The names of its auth events besides the create event. */
  readonly auth: readonly string[];
  /** Milliseconds; the place in the scenario by default. */
  readonly ts?: number;
  readonly depth?: number;
  readonly rejected?: boolean;
}

/** A graph, states to be resolved, and what comes out. The first event is the create event, and in every state. */
export interface Scenario {
  readonly title: string;
  readonly events: Readonly<Record<string, DrawnEvent>>;
  readonly states: readonly (readonly string[])[];
  /** By the algorithm of the room version: which events are the state, besides the create event. */
  readonly expected: Readonly<Partial<Record<RoomVersion['stateResolution'], readonly string[]>>>;
}

export const ALICE = '@alice:example.org';
export const BOB = '@bob:example.org';
export const CAROL = '@carol:example.org';
export const EVE = '@eve:example.org';

/** Power levels of users other than Alice, who has created the room and always has 100 or infinite power. */
export function levels(
  sender: string,
  users: Readonly<Record<string, number>>,
  auth: readonly string[],
  rest: Partial<DrawnEvent> = {},
): DrawnEvent {
  const content = { users: { ...users } };
  return { type: 'm.room.power_levels', state_key: '', sender, content, auth, ...rest };
}

export function joinRule(
  sender: string,
  rule: string,
  auth: readonly string[],
  rest: Partial<DrawnEvent> = {},
): DrawnEvent {
  const content = { join_rule: rule };
  return { type: 'm.room.join_rules', state_key: '', sender, content, auth, ...rest };
}

export function topic(
  sender: string,
  auth: readonly string[],
  rest: Partial<DrawnEvent> = {},
): DrawnEvent {
  const content = { topic: `by ${sender}` };
  return { type: 'm.room.topic', state_key: '', sender, content, auth, ...rest };
}

export function member(
  target: string,
  membership: string,
  auth: readonly string[],
  rest: Partial<DrawnEvent> = {},
): DrawnEvent {
  const content = { membership };
  return { type: 'm.room.member', state_key: target, sender: target, content, auth, ...rest };
}

/** How all the rooms begin. Bob may join because the room is public. */
export const BEGINNING = {
  create: { type: 'm.room.create', state_key: '', sender: ALICE, content: {}, auth: [] },
  alice: member(ALICE, 'join', []),
  levels0: levels(ALICE, {}, ['alice']),
  rule0: joinRule(ALICE, 'public', ['alice', 'levels0']),
  bob: member(BOB, 'join', ['levels0', 'rule0']),
} as const satisfies Record<string, DrawnEvent>;

/** The room of a scenario in a room version. */
export function drawnRoom({ events }: Scenario, version: RoomVersion): RoomEvent[] {
  return Object.entries(events).map(([name, event], index) => ({
    eventId: idOf(name),
    type: event.type,
    state_key: event.state_key,
    sender: event.sender,
    content: contentIn(event, version),
    ...(event.type === 'm.room.create' && version.roomId === 'create-event' ? {} : ROOM),
    prev_events: index === 0 ? [] : [idOf(index === 1 ? 'create' : name.concat('-before'))],
    auth_events: [...(version.createIsAuthEvent && index > 0 ? ['create'] : []), ...event.auth].map(
      idOf,
    ),
    depth: event.depth ?? index,
    origin_server_ts: event.ts ?? index,
    ...(event.rejected === undefined ? {} : { rejected: event.rejected }),
  }));
}

const ROOM = { room_id: '!create:example.org' };

/** A state of a scenario, given as the names of its events. */
export function drawnState(scenario: Scenario, names: readonly string[]): RoomState {
  return new Map(
    ['create', ...names].map((name) => {
      const event = scenario.events[name];
      if (event === undefined) throw new Error(`no event ${name}`);
      return [placeOf(event), idOf(name)];
    }),
  );
}

function idOf(name: string): string {
  return `$${name}:example.org`;
}

function contentIn({ type, content }: DrawnEvent, version: RoomVersion): JsonObject {
  if (type === 'm.room.create') return { room_version: version.id, creator: ALICE };
  const { users } = content;
  if (!isJsonObject(users) || version.creatorsHaveInfinitePower) return content;
  return { ...content, users: { ...users, [ALICE]: 100 } };
}
