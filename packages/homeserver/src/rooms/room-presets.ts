import { isJsonObject } from '@soma/protocol';
import type { JsonObject, RoomVersion } from '@soma/protocol';

export type Preset = 'private_chat' | 'trusted_private_chat' | 'public_chat';

interface PresetState {
  readonly joinRule: string;
  readonly historyVisibility: string;
  readonly guestAccess: string;
}

/** CS API, `POST /createRoom`: what the presets set. */
const presets: Readonly<Record<Preset, PresetState>> = {
  private_chat: { joinRule: 'invite', historyVisibility: 'shared', guestAccess: 'can_join' },
  trusted_private_chat: {
    joinRule: 'invite',
    historyVisibility: 'shared',
    guestAccess: 'can_join',
  },
  public_chat: { joinRule: 'public', historyVisibility: 'shared', guestAccess: 'forbidden' },
};

/** A state event to set in a new room. */
export interface InitialState {
  readonly type: string;
  readonly stateKey: string;
  readonly content: JsonObject;
}

/** The state events of a preset, in the order in which they are sent. */
export function presetState(preset: Preset): InitialState[] {
  const { joinRule, historyVisibility, guestAccess } = presets[preset];
  return [
    { type: 'm.room.join_rules', stateKey: '', content: { join_rule: joinRule } },
    {
      type: 'm.room.history_visibility',
      stateKey: '',
      content: { history_visibility: historyVisibility },
    },
    { type: 'm.room.guest_access', stateKey: '', content: { guest_access: guestAccess } },
  ];
}

/** Above `state_default`, as creators of version 12 are: only they may upgrade the room. */
const TOMBSTONE_LEVEL_OF_CREATORS = 150;

/**
 * The power levels of a new room. `admins` are listed with 100 where the room version lists its creators; what
 * the defaults are beyond the spec follows Synapse, which clients know.
 */
export function initialPowerLevels(
  version: RoomVersion,
  admins: readonly string[],
  override: JsonObject,
): JsonObject {
  const users = version.creatorsHaveInfinitePower
    ? {}
    : Object.fromEntries(admins.map((userId) => [userId, 100]));
  return {
    users,
    users_default: 0,
    events: {
      'm.room.name': 50,
      'm.room.power_levels': 100,
      'm.room.history_visibility': 100,
      'm.room.canonical_alias': 50,
      'm.room.avatar': 50,
      'm.room.tombstone': version.creatorsHaveInfinitePower ? TOMBSTONE_LEVEL_OF_CREATORS : 100,
      'm.room.server_acl': 100,
      'm.room.encryption': 100,
    },
    events_default: 0,
    state_default: 50,
    ban: 50,
    kick: 50,
    redact: 50,
    invite: 50,
    historical: 100,
    ...override,
  };
}

/** CS API, `POST /createRoom`: in version 12, tombstones explicitly need more than `state_default`. */
export function withTombstoneOfCreators(levels: JsonObject): JsonObject {
  const { events, state_default: stateDefault } = levels;
  if (events !== undefined && !isJsonObject(events)) return levels;
  const atLeast = typeof stateDefault === 'number' ? stateDefault + 1 : 0;
  const level = Math.max(TOMBSTONE_LEVEL_OF_CREATORS, atLeast);
  return { ...levels, events: { ...events, 'm.room.tombstone': level } };
}
