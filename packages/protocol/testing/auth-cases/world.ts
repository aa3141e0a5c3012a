import type { AuthEvent, AuthState, EventToAuthorise } from '../../src/auth-rules/types.ts';
import type { JsonObject } from '../../src/canonical-json.ts';
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

/** One case: an event, and the rule that must decide on it. */
export interface AuthCase {
  readonly name: string;
  readonly event: Partial<EventToAuthorise> & Pick<AuthEvent, 'type' | 'sender'>;
  /** The deciding rule by the numbers of versions 10 and 11, and by those of version 12. */
  readonly rule: readonly [upTo11: string, from12: string];
  readonly allowed: boolean;
  readonly state?: StateChanges;
  /** Only these versions; without it 10, 11 and 12. */
  readonly versions?: readonly string[];
  readonly senderOf?: Readonly<Record<string, string>>;
  /** The servers that signed the event. */
  readonly signedBy?: readonly string[];
}

const CREATE_ID = '$Rqnc-F-dvnEYJTyHq_iKxU2bZ1CI92-kuZq3a5lr5Zg';

/** The room ID in a room version. */
export function roomIdIn({ roomId }: RoomVersion): string {
  return roomId === 'domain' ? '!room:example.org' : `!${CREATE_ID.slice(1)}`;
}

/** The state of an ordinary room with some changes. */
export function world(
  version: RoomVersion,
  changes: StateChanges = {},
  senderOf: AuthCase['senderOf'] = {},
): AuthState & { readonly create: AuthEvent | undefined } {
  const events = new Map<string, AuthEvent>();
  for (const [place, content] of Object.entries({ ...ordinary(version), ...changes })) {
    const [type = '', stateKey = ''] = place.split('|');
    if (content === null) continue;
    events.set(`${type}|${stateKey}`, {
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
  return {
    get: (type, stateKey) => events.get(`${type}|${stateKey}`),
    create: events.get('m.room.create|'),
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
