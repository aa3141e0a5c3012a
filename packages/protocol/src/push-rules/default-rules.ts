import type { PushAction, PushCondition, PushRuleKind } from './types.ts';

/** A rule that every user has. Its conditions may hold `OWN_USER_ID` in place of the user's ID. */
export interface DefaultPushRule {
  readonly rule_id: string;
  readonly enabled: boolean;
  readonly conditions: readonly PushCondition[];
  readonly actions: readonly PushAction[];
}

/** Stands for the ID of the user whose rules are evaluated. No user ID has this form. */
export const OWN_USER_ID = '[the user ID]';

const SOUND: PushAction = { set_tweak: 'sound', value: 'default' };
const HIGHLIGHT: PushAction = { set_tweak: 'highlight' };

/**
 * The default rules (spec: Client-Server API, "Predefined Rules"), in the spec's order. The master rule comes
 * before a user's own rules, every other default rule after those of its kind.
 *
 * @example
 * ```ts
 * const [first] = DEFAULT_PUSH_RULES.override;
 * first?.rule_id; // => '.m.rule.master'
 * ```
 */
export const DEFAULT_PUSH_RULES: Readonly<Record<PushRuleKind, readonly DefaultPushRule[]>> = {
  override: [
    { rule_id: '.m.rule.master', enabled: false, conditions: [], actions: [] },
    {
      rule_id: '.m.rule.suppress_notices',
      enabled: true,
      conditions: [{ kind: 'event_match', key: 'content.msgtype', pattern: 'm.notice' }],
      actions: [],
    },
    {
      rule_id: '.m.rule.invite_for_me',
      enabled: true,
      conditions: [
        { kind: 'event_match', key: 'type', pattern: 'm.room.member' },
        { kind: 'event_match', key: 'content.membership', pattern: 'invite' },
        { kind: 'event_match', key: 'state_key', pattern: OWN_USER_ID },
      ],
      actions: ['notify', SOUND],
    },
    {
      rule_id: '.m.rule.member_event',
      enabled: true,
      conditions: [{ kind: 'event_match', key: 'type', pattern: 'm.room.member' }],
      actions: [],
    },
    {
      rule_id: '.m.rule.is_user_mention',
      enabled: true,
      conditions: [
        {
          kind: 'event_property_contains',
          key: 'content.m\\.mentions.user_ids',
          value: OWN_USER_ID,
        },
      ],
      actions: ['notify', SOUND, HIGHLIGHT],
    },
    {
      rule_id: '.m.rule.is_room_mention',
      enabled: true,
      conditions: [
        { kind: 'event_property_is', key: 'content.m\\.mentions.room', value: true },
        { kind: 'sender_notification_permission', key: 'room' },
      ],
      actions: ['notify', HIGHLIGHT],
    },
    {
      rule_id: '.m.rule.tombstone',
      enabled: true,
      conditions: [
        { kind: 'event_match', key: 'type', pattern: 'm.room.tombstone' },
        { kind: 'event_match', key: 'state_key', pattern: '' },
      ],
      actions: ['notify', HIGHLIGHT],
    },
    {
      rule_id: '.m.rule.reaction',
      enabled: true,
      conditions: [{ kind: 'event_match', key: 'type', pattern: 'm.reaction' }],
      actions: [],
    },
    {
      rule_id: '.m.rule.room.server_acl',
      enabled: true,
      conditions: [
        { kind: 'event_match', key: 'type', pattern: 'm.room.server_acl' },
        { kind: 'event_match', key: 'state_key', pattern: '' },
      ],
      actions: [],
    },
    {
      rule_id: '.m.rule.suppress_edits',
      enabled: true,
      conditions: [
        {
          kind: 'event_property_is',
          key: 'content.m\\.relates_to.rel_type',
          value: 'm.replace',
        },
      ],
      actions: [],
    },
  ],
  content: [],
  room: [],
  sender: [],
  underride: [
    {
      rule_id: '.m.rule.call',
      enabled: true,
      conditions: [{ kind: 'event_match', key: 'type', pattern: 'm.call.invite' }],
      actions: ['notify', { set_tweak: 'sound', value: 'ring' }],
    },
    {
      rule_id: '.m.rule.encrypted_room_one_to_one',
      enabled: true,
      conditions: [
        { kind: 'room_member_count', is: '2' },
        { kind: 'event_match', key: 'type', pattern: 'm.room.encrypted' },
      ],
      actions: ['notify', SOUND],
    },
    {
      rule_id: '.m.rule.room_one_to_one',
      enabled: true,
      conditions: [
        { kind: 'room_member_count', is: '2' },
        { kind: 'event_match', key: 'type', pattern: 'm.room.message' },
      ],
      actions: ['notify', SOUND],
    },
    {
      rule_id: '.m.rule.message',
      enabled: true,
      conditions: [{ kind: 'event_match', key: 'type', pattern: 'm.room.message' }],
      actions: ['notify'],
    },
    {
      rule_id: '.m.rule.encrypted',
      enabled: true,
      conditions: [{ kind: 'event_match', key: 'type', pattern: 'm.room.encrypted' }],
      actions: ['notify'],
    },
  ],
};
