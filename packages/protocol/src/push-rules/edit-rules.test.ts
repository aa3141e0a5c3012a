import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { JsonObject, JsonValue } from '../canonical-json.ts';
import {
  deletePushRule,
  putPushRule,
  setPushRuleActions,
  setPushRuleEnabled,
} from './edit-rules.ts';
import type { EditedPushRules } from './edit-rules.ts';
import { narrowToRoom, pushRulesKey } from './narrow-to-room.ts';
import { parsePushRuleChanges } from './parse-changes.ts';
import { findPushRule, rulesetFor } from './ruleset.ts';
import { NO_PUSH_RULE_CHANGES } from './types.ts';
import type { PushRuleChanges } from './types.ts';

const ALICE = '@alice:example.org';
const RULE = { actions: ['notify'] };

test('the default rules, in order', () => {
  const { global } = rulesetFor(NO_PUSH_RULE_CHANGES, ALICE);
  const ids = (kind: 'override' | 'underride') => global[kind].map((rule) => rule.rule_id);
  assert.deepEqual(ids('override'), [
    '.m.rule.master',
    '.m.rule.suppress_notices',
    '.m.rule.invite_for_me',
    '.m.rule.member_event',
    '.m.rule.is_user_mention',
    '.m.rule.is_room_mention',
    '.m.rule.tombstone',
    '.m.rule.reaction',
    '.m.rule.room.server_acl',
    '.m.rule.suppress_edits',
  ]);
  assert.deepEqual(ids('underride'), [
    '.m.rule.call',
    '.m.rule.encrypted_room_one_to_one',
    '.m.rule.room_one_to_one',
    '.m.rule.message',
    '.m.rule.encrypted',
  ]);
  assert.deepEqual([global.content, global.room, global.sender], [[], [], []]);
});

test('default rules name the user, and are the same JSON for all but the ID', () => {
  assert.deepEqual(findPushRule(NO_PUSH_RULE_CHANGES, 'override', '.m.rule.invite_for_me', ALICE), {
    rule_id: '.m.rule.invite_for_me',
    default: true,
    enabled: true,
    conditions: [
      { kind: 'event_match', key: 'type', pattern: 'm.room.member' },
      { kind: 'event_match', key: 'content.membership', pattern: 'invite' },
      { kind: 'event_match', key: 'state_key', pattern: ALICE },
    ],
    actions: ['notify', { set_tweak: 'sound', value: 'default' }],
  });
  const mention = findPushRule(NO_PUSH_RULE_CHANGES, 'override', '.m.rule.is_user_mention', ALICE);
  assert.deepEqual(mention?.conditions, [
    { kind: 'event_property_contains', key: 'content.m\\.mentions.user_ids', value: ALICE },
  ]);
  assert.equal(findPushRule(NO_PUSH_RULE_CHANGES, 'content', '.m.rule.message', ALICE), undefined);
});

test('own rules come after the master rule and before the other default rules', () => {
  const changes = after(putPushRule(NO_PUSH_RULE_CHANGES, 'override', 'mine', RULE));
  assert.deepEqual(
    rulesetFor(changes, ALICE)
      .global.override.slice(0, 3)
      .map((rule) => rule.rule_id),
    ['.m.rule.master', 'mine', '.m.rule.suppress_notices'],
  );
  assert.deepEqual(findPushRule(changes, 'override', 'mine', ALICE), {
    rule_id: 'mine',
    default: false,
    enabled: true,
    actions: ['notify'],
    conditions: [],
  });
});

test('a new rule is the most important, or where it is put', () => {
  let changes = NO_PUSH_RULE_CHANGES;
  const order = (ruleId: string, placement = {}) => {
    changes = after(putPushRule(changes, 'sender', ruleId, RULE, placement));
    return (changes.custom.sender ?? []).map((rule) => rule.rule_id).join(' ');
  };
  assert.equal(order('a'), 'a');
  assert.equal(order('b'), 'b a');
  assert.equal(order('c', { before: 'a' }), 'b c a');
  assert.equal(order('d', { after: 'a' }), 'b c a d');
  assert.equal(order('e', { after: 'b', before: 'd' }), 'b c a e d');
  assert.equal(order('c'), 'b c a e d', 'a changed rule stays');
  assert.equal(order('c', { after: 'd' }), 'b a e d c', 'or is moved');
  assert.equal(order('c', { before: 'b' }), 'c b a e d');
});

test('a changed rule stays disabled', () => {
  let changes = after(putPushRule(NO_PUSH_RULE_CHANGES, 'content', 'x', { ...RULE, pattern: 'a' }));
  changes = after(setPushRuleEnabled(changes, 'content', 'x', false));
  changes = after(putPushRule(changes, 'content', 'x', { actions: [], pattern: 'b' }));
  assert.deepEqual(changes.custom.content, [
    { rule_id: 'x', enabled: false, actions: [], pattern: 'b' },
  ]);
});

test('a rule is deleted, a default rule is not', () => {
  const changes = after(putPushRule(NO_PUSH_RULE_CHANGES, 'room', '!a:b', RULE));
  assert.deepEqual(after(deletePushRule(changes, 'room', '!a:b')), NO_PUSH_RULE_CHANGES);
  assert.equal(problemOf(deletePushRule(changes, 'sender', '!a:b')), 'M_NOT_FOUND');
  assert.equal(problemOf(deletePushRule(changes, 'override', '.m.rule.master')), 'M_NOT_FOUND');
});

test('default rules are disabled and given other actions, and back', () => {
  let changes = after(
    setPushRuleEnabled(NO_PUSH_RULE_CHANGES, 'underride', '.m.rule.message', false),
  );
  changes = after(
    setPushRuleActions(changes, 'underride', '.m.rule.message', [{ set_tweak: 'sound' }]),
  );
  const rule = findPushRule(changes, 'underride', '.m.rule.message', ALICE);
  assert.deepEqual([rule?.enabled, rule?.actions], [false, [{ set_tweak: 'sound' }]]);
  changes = after(setPushRuleActions(changes, 'underride', '.m.rule.message', ['notify']));
  changes = after(setPushRuleEnabled(changes, 'underride', '.m.rule.message', true));
  assert.equal(pushRulesKey(changes), pushRulesKey(NO_PUSH_RULE_CHANGES));
});

test('historical actions are stripped', () => {
  const changes = after(
    putPushRule(NO_PUSH_RULE_CHANGES, 'room', '!a:b', {
      actions: ['dont_notify', 'coalesce', 'notify'],
    }),
  );
  assert.deepEqual(changes.custom.room?.[0]?.actions, ['notify']);
});

const PROBLEMS: Record<string, readonly [EditedPushRules, errcode: string]> = {
  'an ID with a dot in front': [put('.mine'), 'M_INVALID_PARAM'],
  'an ID with a slash': [put('a/b'), 'M_INVALID_PARAM'],
  'an ID with a backslash': [put('a\\b'), 'M_INVALID_PARAM'],
  'an empty ID': [put(''), 'M_INVALID_PARAM'],
  'no object': [put('a', []), 'M_BAD_JSON'],
  'no actions': [put('a', {}), 'M_MISSING_PARAM'],
  'actions that are no list': [put('a', { actions: 'notify' }), 'M_BAD_JSON'],
  'an unknown action': [put('a', { actions: ['dance'] }), 'M_INVALID_PARAM'],
  'an action that sets nothing': [put('a', { actions: [{}] }), 'M_INVALID_PARAM'],
  'conditions that are no list': [put('a', { ...RULE, conditions: {} }), 'M_BAD_JSON'],
  'a condition without a kind': [put('a', { ...RULE, conditions: [{}] }), 'M_BAD_JSON'],
  'a condition that is no object': [put('a', { ...RULE, conditions: ['x'] }), 'M_BAD_JSON'],
  'no pattern': [putPushRule(NO_PUSH_RULE_CHANGES, 'content', 'a', RULE), 'M_MISSING_PARAM'],
  'a pattern that is no text': [
    putPushRule(NO_PUSH_RULE_CHANGES, 'content', 'a', { ...RULE, pattern: 1 }),
    'M_BAD_JSON',
  ],
  'a long pattern': [
    putPushRule(NO_PUSH_RULE_CHANGES, 'content', 'a', { ...RULE, pattern: 'x'.repeat(513) }),
    'M_INVALID_PARAM',
  ],
  'a long pattern in a condition': [
    put('a', { ...RULE, conditions: [{ kind: 'event_match', pattern: 'x'.repeat(513) }] }),
    'M_INVALID_PARAM',
  ],
  'a neighbour that is not there': [put('a', RULE, { before: 'b' }), 'M_UNKNOWN'],
  'a default rule as neighbour': [put('a', RULE, { after: '.m.rule.master' }), 'M_UNKNOWN'],
  'itself as neighbour': [put('a', RULE, { after: 'a' }), 'M_UNKNOWN'],
  'enabling what is not there': [
    setPushRuleEnabled(NO_PUSH_RULE_CHANGES, 'room', 'a', true),
    'M_NOT_FOUND',
  ],
  'a default rule of another kind': [
    setPushRuleEnabled(NO_PUSH_RULE_CHANGES, 'room', '.m.rule.master', true),
    'M_NOT_FOUND',
  ],
  'enabling with a text': [
    setPushRuleEnabled(NO_PUSH_RULE_CHANGES, 'override', '.m.rule.master', 'true'),
    'M_BAD_JSON',
  ],
  'actions of what is not there': [
    setPushRuleActions(NO_PUSH_RULE_CHANGES, 'room', 'a', []),
    'M_NOT_FOUND',
  ],
  'actions that are none': [
    setPushRuleActions(NO_PUSH_RULE_CHANGES, 'override', '.m.rule.master', [1]),
    'M_INVALID_PARAM',
  ],
};

for (const [what, [edited, errcode]] of Object.entries(PROBLEMS)) {
  test(`refuses ${what}`, () => assert.equal(problemOf(edited), errcode));
}

test('rules of other rooms do not matter in a room', () => {
  const inOtherRoom = {
    actions: [],
    conditions: [{ kind: 'event_match', key: 'room_id', pattern: '!Other:b' }],
  };
  let changes = after(putPushRule(NO_PUSH_RULE_CHANGES, 'room', '!other:b', RULE));
  changes = after(putPushRule(changes, 'override', 'mute', inOtherRoom));
  assert.equal(pushRulesKey(narrowToRoom(changes, '!room:b')), pushRulesKey(NO_PUSH_RULE_CHANGES));
  assert.equal(narrowToRoom(changes, '!other:b'), changes);
  changes = after(
    putPushRule(NO_PUSH_RULE_CHANGES, 'override', 'some', {
      actions: [],
      conditions: [{ kind: 'event_match', key: 'room_id', pattern: '!r*' }],
    }),
  );
  assert.equal(narrowToRoom(changes, '!other:b'), changes, 'a glob is left for evaluation');
  const isOther = { kind: 'event_property_is', key: 'room_id', value: '!other:b' };
  const exact = after(
    putPushRule(NO_PUSH_RULE_CHANGES, 'override', 'x', { actions: [], conditions: [isOther] }),
  );
  assert.equal(narrowToRoom(exact, '!other:b'), exact);
  assert.deepEqual(narrowToRoom(exact, '!room:b').custom, {});
  changes = after(setPushRuleEnabled(changes, 'override', 'some', false));
  assert.deepEqual(narrowToRoom(changes, '!room:b').custom, {});
});

test('rules survive storage, and damage', () => {
  let changes = after(putPushRule(NO_PUSH_RULE_CHANGES, 'content', 'a', { ...RULE, pattern: 'x' }));
  changes = after(setPushRuleEnabled(changes, 'content', 'a', false));
  changes = after(setPushRuleEnabled(changes, 'override', '.m.rule.master', true));
  changes = after(setPushRuleActions(changes, 'underride', '.m.rule.call', []));
  assert.deepEqual(parsePushRuleChanges(JSON.parse(pushRulesKey(changes))), changes);
  for (const damaged of [
    undefined,
    [],
    { custom: [], defaults: 5 },
    { custom: { content: [{}, 5, { rule_id: 'x' }], other: [] }, defaults: { '.gone': {} } },
  ]) {
    assert.deepEqual(parsePushRuleChanges(damaged), NO_PUSH_RULE_CHANGES);
  }
});

function put(ruleId: string, body: unknown = RULE, placement = {}): EditedPushRules {
  return putPushRule(NO_PUSH_RULE_CHANGES, 'override', ruleId, body, placement);
}

function after(edited: EditedPushRules): PushRuleChanges & JsonObject {
  assert.ok(edited.ok, 'the rules are edited');
  return edited.changes;
}

function problemOf(edited: EditedPushRules): string | undefined {
  return edited.ok ? undefined : edited.problem.errcode;
}

test('what is nested too deep to be stored is refused', () => {
  const depth = 50_000;
  const deep: JsonValue = JSON.parse('['.repeat(depth) + ']'.repeat(depth));
  const bodies = [
    { actions: ['notify', { set_tweak: 'org.example', value: deep }] },
    { actions: [], conditions: [{ kind: 'org.example', value: deep }] },
  ];
  for (const body of bodies) {
    const edited = putPushRule(NO_PUSH_RULE_CHANGES, 'override', 'mine', body);
    assert.ok(!edited.ok);
    assert.equal(edited.problem.errcode, 'M_BAD_JSON');
  }
  const { actions } = bodies[0] ?? {};
  const edited = setPushRuleActions(NO_PUSH_RULE_CHANGES, 'override', '.m.rule.master', actions);
  assert.ok(!edited.ok);
  assert.equal(edited.problem.errcode, 'M_BAD_JSON');
  assert.deepEqual(
    parsePushRuleChanges({ custom: { override: [{ rule_id: 'mine', ...bodies[0] }] } }),
    NO_PUSH_RULE_CHANGES,
  );
});
