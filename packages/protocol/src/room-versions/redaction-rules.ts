import type { RedactionRules } from './types.ts';

const IN_EVERY_VERSION = [
  'event_id',
  'type',
  'room_id',
  'sender',
  'state_key',
  'content',
  'hashes',
  'signatures',
  'depth',
  'prev_events',
  'auth_events',
  'origin_server_ts',
];

const POWER_LEVELS = [
  'ban',
  'events',
  'events_default',
  'kick',
  'redact',
  'state_default',
  'users',
  'users_default',
];

/** Room versions 1 to 5 (spec: Room Version 1, "Redactions"). */
export const redactionV1: RedactionRules = {
  topLevel: [...IN_EVERY_VERSION, 'prev_state', 'origin', 'membership'],
  content: {
    'm.room.member': { keys: ['membership'] },
    'm.room.create': { keys: ['creator'] },
    'm.room.join_rules': { keys: ['join_rule'] },
    'm.room.power_levels': { keys: POWER_LEVELS },
    'm.room.aliases': { keys: ['aliases'] },
    'm.room.history_visibility': { keys: ['history_visibility'] },
  },
};

/** Version 6 no longer knows `m.room.aliases`. */
export const redactionV6: RedactionRules = {
  ...redactionV1,
  content: without(redactionV1.content, 'm.room.aliases'),
};

/** Version 8 keeps the conditions of restricted rooms. */
export const redactionV8: RedactionRules = {
  ...redactionV6,
  content: { ...redactionV6.content, 'm.room.join_rules': { keys: ['join_rule', 'allow'] } },
};

/** Version 9 keeps what a restricted join needs in order to be authorised. */
export const redactionV9: RedactionRules = {
  ...redactionV8,
  content: {
    ...redactionV8.content,
    'm.room.member': { keys: ['membership', 'join_authorised_via_users_server'] },
  },
};

/** Version 11 drops three outdated top-level keys and keeps all that the auth rules read. */
export const redactionV11: RedactionRules = {
  topLevel: IN_EVERY_VERSION,
  content: {
    ...redactionV9.content,
    'm.room.create': 'everything',
    'm.room.member': {
      keys: ['membership', 'join_authorised_via_users_server'],
      within: { third_party_invite: ['signed'] },
    },
    'm.room.power_levels': { keys: [...POWER_LEVELS, 'invite'] },
    'm.room.redaction': { keys: ['redacts'] },
  },
};

function without<Value>(record: Readonly<Record<string, Value>>, key: string): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name !== key));
}
