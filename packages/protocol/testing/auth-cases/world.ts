import type { AuthEvent, AuthState, EventToAuthorise } from '../../src/auth-rules/types.ts';
import type { JsonObject } from '../../src/canonical-json.ts';
import { referencedId } from '../../src/events/references.ts';
import type { EventReference } from '../../src/events/types.ts';
import type { RoomVersion } from '../../src/room-versions/types.ts';

/** The users of the world, by what they are in its room. */
export const CREATOR = '@creator:example.org';
export const CO_CREATOR = '@cocreator:example.org';
export const ADMIN = '@admin:example.org';
export const MOD = '@mod:example.org';
export const MOD2 = '@mod2:example.org';
export const USER = '@user:example.org';
export const REMOTE = '@remote:other.org';
export const INVITED = '@invited:example.org';
export const KNOCKING = '@knocking:example.org';
export const BANNED = '@banned:example.org';
export const LEFT = '@left:example.org';
export const STRANGER = '@stranger:example.org';

export const LEVELS: JsonObject = {
  users: { [ADMIN]: 100, [MOD]: 50, [MOD2]: 50 },
  users_default: 0,
  events: { 'm.room.name': 60, 'org.example.locked': 101 },
  events_default: 0,
  state_default: 50,
  ban: 50,
  kick: 50,
  redact: 50,
  invite: 50,
  notifications: { room: 50 },
};

/** A change to the world's state: content by `type` or `type|state key`, null to take an event away. */
export type StateChanges = Readonly<Record<string, JsonObject | null>>;

/** One case: an event, and the rule that must decide on it in each room version that has this rule. */
export interface AuthCase {
  readonly name: string;
  readonly event: Partial<EventToAuthorise> & Pick<AuthEvent, 'type' | 'sender'>;
  /** The deciding rule, by its key in `fixtures/auth-rules/rules.json`. */
  readonly rule: string;
  readonly allowed: boolean;
  /** The first and the last room version in which that is so. */
  readonly from?: number;
  readonly to?: number;
  /** Rules that the event also passes, which the order of the rules does not show. */
  readonly also?: readonly string[];
  readonly state?: StateChanges;
  readonly senderOf?: Readonly<Record<string, string>>;
  /** What the event lists in `auth_events`, made from what it should list; without it that rule is left out. */
  readonly authEvents?: (selected: readonly AuthEvent[], create: AuthEvent) => AuthEvent[];
  /** The servers that signed the event. */
  readonly signedBy?: readonly string[];
}

export const CREATE_ID = '$Rqnc-F-dvnEYJTyHq_iKxU2bZ1CI92-kuZq3a5lr5Zg';

/** The room ID in a room version. */
export function roomIdIn({ roomId }: RoomVersion): string {
  return roomId === 'domain' ? '!room:example.org' : `!${CREATE_ID.slice(1)}`;
}

/** The state of an ordinary room with some changes. */
export function world(
  version: RoomVersion,
  changes: StateChanges = {},
  senderOf: AuthCase['senderOf'] = {},
): AuthState {
  return stateOf(worldEvents(version, changes, senderOf));
}

/** The events of `world`. */
export function worldEvents(
  version: RoomVersion,
  changes: StateChanges = {},
  senderOf: AuthCase['senderOf'] = {},
): AuthEvent[] {
  const events: AuthEvent[] = [];
  for (const [place, content] of Object.entries({ ...ordinary(version), ...changes })) {
    const [type = '', stateKey = ''] = place.split('|');
    if (content === null) continue;
    events.push({
      eventId: type === 'm.room.create' ? CREATE_ID : `$${place}`,
      type,
      state_key: stateKey,
      sender: senderOf[place] ?? CREATOR,
      content,
      ...(type === 'm.room.create' && version.roomId === 'create-event'
        ? {}
        : { room_id: roomIdIn(version) }),
    });
  }
  return events;
}

/** The events as a set of state. */
export function stateOf(events: readonly AuthEvent[]): AuthState {
  const byKey = new Map(events.map((event) => [`${event.type}|${event.state_key}`, event]));
  return { get: (type, stateKey) => byKey.get(`${type}|${stateKey}`) };
}

/** An event of a case with all that the case leaves open. */
export function complete(event: AuthCase['event'], version: RoomVersion): EventToAuthorise {
  const roomless = version.roomId === 'create-event' && event.type === 'm.room.create';
  const { prev_events: previous = ['$previous'] } = event;
  return {
    eventId: version.eventId === 'field' ? '$event:example.org' : '$event',
    content: {},
    ...(roomless ? {} : { room_id: roomIdIn(version) }),
    ...event,
    prev_events:
      version.eventReferences === 'ids'
        ? previous
        : previous.map((reference): EventReference => [referencedId(reference), { sha256: '' }]),
  };
}

function ordinary(version: RoomVersion): StateChanges {
  return {
    'm.room.create':
      version.creators === 'sender-and-additional'
        ? { room_version: version.id, additional_creators: [CO_CREATOR] }
        : { room_version: version.id, creator: CREATOR },
    'm.room.join_rules': { join_rule: 'invite' },
    'm.room.power_levels': LEVELS,
    [`m.room.member|${CREATOR}`]: { membership: 'join' },
    [`m.room.member|${CO_CREATOR}`]: { membership: 'join' },
    [`m.room.member|${ADMIN}`]: { membership: 'join' },
    [`m.room.member|${MOD}`]: { membership: 'join' },
    [`m.room.member|${MOD2}`]: { membership: 'join' },
    [`m.room.member|${USER}`]: { membership: 'join' },
    [`m.room.member|${REMOTE}`]: { membership: 'join' },
    [`m.room.member|${INVITED}`]: { membership: 'invite' },
    [`m.room.member|${KNOCKING}`]: { membership: 'knock' },
    [`m.room.member|${BANNED}`]: { membership: 'ban' },
    [`m.room.member|${LEFT}`]: { membership: 'leave' },
  };
}
