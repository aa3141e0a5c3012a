import type { KeptContent, RedactionRules } from './types.ts';

// In code point order, so that a redacted event is written without sorting.
const IN_EVERY_VERSION = [
  'auth_events',
  'content',
  'depth',
  'event_id',
  'hashes',
  'origin_server_ts',
  'prev_events',
  'room_id',
  'sender',
  'signatures',
  'state_key',
  'type',
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
  topLevel: [...IN_EVERY_VERSION, 'membership', 'origin', 'prev_state'],
  content: new Map([
    ['m.room.member', { keys: ['membership'] }],
    ['m.room.create', { keys: ['creator'] }],
    ['m.room.join_rules', { keys: ['join_rule'] }],
    ['m.room.power_levels', { keys: POWER_LEVELS }],
    ['m.room.aliases', { keys: ['aliases'] }],
    ['m.room.history_visibility', { keys: ['history_visibility'] }],
  ]),
};

/** Version 6 no longer knows `m.room.aliases`. */
export const redactionV6 = changed(redactionV1, [['m.room.aliases', { keys: [] }]]);

/** Version 8 keeps the conditions of restricted rooms. */
export const redactionV8 = changed(redactionV6, [
  ['m.room.join_rules', { keys: ['join_rule', 'allow'] }],
]);

/** Version 9 keeps what a restricted join needs in order to be authorised. */
export const redactionV9 = changed(redactionV8, [
  ['m.room.member', { keys: ['membership', 'join_authorised_via_users_server'] }],
]);

/** Version 11 drops three outdated top-level keys and keeps all that the auth rules read. */
export const redactionV11: RedactionRules = {
  ...changed(redactionV9, [
    ['m.room.create', 'everything'],
    [
      'm.room.member',
      {
        keys: ['membership', 'join_authorised_via_users_server'],
        within: { third_party_invite: ['signed'] },
      },
    ],
    ['m.room.power_levels', { keys: [...POWER_LEVELS, 'invite'] }],
    ['m.room.redaction', { keys: ['redacts'] }],
  ]),
  topLevel: IN_EVERY_VERSION,
};

function changed(
  rules: RedactionRules,
  content: readonly (readonly [type: string, kept: KeptContent])[],
): RedactionRules {
  return { ...rules, content: new Map([...rules.content, ...content]) };
}
