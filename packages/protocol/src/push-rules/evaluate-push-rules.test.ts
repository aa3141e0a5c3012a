import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { JsonObject, JsonValue } from '../canonical-json.ts';
import { compileRules } from './compile-rules.ts';
import type { PushEvent, PushRoom, PushUser } from './conditions.ts';
import { putPushRule, setPushRuleEnabled } from './edit-rules.ts';
import { evaluatePushRules, namedUsers } from './evaluate-push-rules.ts';
import { NO_PUSH_RULE_CHANGES } from './types.ts';
import type { PushRuleChanges, PushRuleKind } from './types.ts';

const ALICE: PushUser = { userId: '@alice:example.org', displayName: 'Alice (away)' };
const message: PushEvent = {
  type: 'm.room.message',
  sender: '@bob:example.org',
  room_id: '!room:example.org',
  content: { msgtype: 'm.text', body: 'An example event.' },
};
const group: PushRoom = { memberCount: 5, senderPower: () => 0, notificationLevel: () => 50 };
const pair: PushRoom = { ...group, memberCount: 2 };
const moderated: PushRoom = { ...group, senderPower: () => 50 };

interface DefaultCase {
  readonly name: string;
  readonly event: Partial<PushEvent>;
  readonly room?: PushRoom;
  readonly user?: PushUser;
  /** The rule, and what it does beside notifying. */
  readonly rule?: string;
  readonly does: 'nothing' | 'notify' | 'highlight';
  readonly sound?: string;
}

const mention = (value: JsonValue): Partial<PushEvent> => ({
  content: { body: 'x', 'm.mentions': value },
});
const invite: Partial<PushEvent> = {
  type: 'm.room.member',
  state_key: ALICE.userId,
  content: { membership: 'invite' },
};

const DEFAULT_CASES: readonly DefaultCase[] = [
  { name: 'a message', event: {}, rule: '.m.rule.message', does: 'notify' },
  {
    name: 'a message between two',
    event: {},
    room: pair,
    rule: '.m.rule.room_one_to_one',
    does: 'notify',
    sound: 'default',
  },
  {
    name: 'an encrypted event',
    event: { type: 'm.room.encrypted' },
    rule: '.m.rule.encrypted',
    does: 'notify',
  },
  {
    name: 'an encrypted event between two',
    event: { type: 'm.room.encrypted' },
    room: pair,
    rule: '.m.rule.encrypted_room_one_to_one',
    does: 'notify',
    sound: 'default',
  },
  {
    name: 'a call',
    event: { type: 'm.call.invite' },
    rule: '.m.rule.call',
    does: 'notify',
    sound: 'ring',
  },
  {
    name: 'a notice',
    event: { content: { msgtype: 'm.notice', body: 'x' } },
    rule: '.m.rule.suppress_notices',
    does: 'nothing',
  },
  {
    name: 'an invite for the user',
    event: invite,
    user: ALICE,
    rule: '.m.rule.invite_for_me',
    does: 'notify',
    sound: 'default',
  },
  {
    name: 'an invite for someone else',
    event: { ...invite, state_key: '@carol:example.org' },
    user: ALICE,
    rule: '.m.rule.member_event',
    does: 'nothing',
  },
  {
    name: 'an invite without a user',
    event: invite,
    rule: '.m.rule.member_event',
    does: 'nothing',
  },
  {
    name: 'a mention of the user',
    event: mention({ user_ids: ['@carol:example.org', ALICE.userId] }),
    user: ALICE,
    rule: '.m.rule.is_user_mention',
    does: 'highlight',
    sound: 'default',
  },
  {
    name: 'a mention without a user',
    event: mention({ user_ids: [ALICE.userId] }),
    rule: '.m.rule.message',
    does: 'notify',
  },
  {
    name: 'a malformed mention',
    event: mention({ user_ids: ALICE.userId }),
    user: ALICE,
    rule: '.m.rule.message',
    does: 'notify',
  },
  {
    name: 'a mention of the room by who may',
    event: mention({ room: true }),
    room: moderated,
    rule: '.m.rule.is_room_mention',
    does: 'highlight',
  },
  {
    name: 'a mention of the room by who may not',
    event: mention({ room: true }),
    rule: '.m.rule.message',
    does: 'notify',
  },
  {
    name: 'a mention of the room that is not true',
    event: mention({ room: 'true' }),
    room: moderated,
    rule: '.m.rule.message',
    does: 'notify',
  },
  {
    name: 'a tombstone',
    event: { type: 'm.room.tombstone', state_key: '' },
    rule: '.m.rule.tombstone',
    does: 'highlight',
  },
  { name: 'a tombstone that is no state', event: { type: 'm.room.tombstone' }, does: 'nothing' },
  { name: 'a reaction', event: { type: 'm.reaction' }, rule: '.m.rule.reaction', does: 'nothing' },
  {
    name: 'a server ACL',
    event: { type: 'm.room.server_acl', state_key: '' },
    rule: '.m.rule.room.server_acl',
    does: 'nothing',
  },
  {
    name: 'an edit',
    event: { content: { body: 'x', 'm.relates_to': { rel_type: 'm.replace' } } },
    rule: '.m.rule.suppress_edits',
    does: 'nothing',
  },
  { name: 'any other event', event: { type: 'org.example', state_key: '' }, does: 'nothing' },
  { name: "the user's own message", event: { sender: ALICE.userId }, user: ALICE, does: 'nothing' },
];

const defaults = compileRules(NO_PUSH_RULE_CHANGES);

for (const { name, event, room = group, user, rule, does, sound } of DEFAULT_CASES) {
  test(`by default: ${name}`, () => {
    const outcome = evaluatePushRules(defaults, { ...message, ...event }, room, user);
    assert.equal(outcome.rule, rule);
    assert.equal(outcome.notify, does !== 'nothing');
    assert.equal(outcome.highlight, does === 'highlight');
    assert.equal(outcome.sound, sound);
  });
}

test('the master rule silences everything, even own rules', () => {
  const own = put(NO_PUSH_RULE_CHANGES, 'override', 'all', { actions: ['notify'] });
  const silenced = setPushRuleEnabled(own, 'override', '.m.rule.master', true);
  assert.ok(silenced.ok);
  const outcome = evaluatePushRules(compileRules(silenced.changes), message, group, ALICE);
  assert.deepEqual([outcome.notify, outcome.rule], [false, '.m.rule.master']);
  assert.ok(evaluatePushRules(compileRules(own), message, group).notify);
});

interface ConditionCase {
  readonly condition: JsonObject;
  readonly matches: readonly Partial<PushEvent>[];
  readonly not: readonly Partial<PushEvent>[];
}

const body = (text: JsonValue): Partial<PushEvent> => ({ content: { body: text } });
const topic = (text: JsonValue): Partial<PushEvent> => ({ content: { topic: text } });

const CONDITION_CASES: readonly ConditionCase[] = [
  {
    condition: { kind: 'event_match', key: 'content.topic', pattern: 'lunc?*' },
    matches: [topic('Lunch plans'), topic('LUNCH')],
    not: [topic(' lunch'), topic('lunc'), topic(null), topic(5), {}],
  },
  {
    condition: { kind: 'event_match', key: 'content.topic', pattern: '*' },
    matches: [topic('')],
    not: [topic(true), {}],
  },
  {
    condition: { kind: 'event_match', key: 'content.topic', pattern: 'STRASSE' },
    matches: [topic('Strasse')],
    not: [topic('Strasse 1')],
  },
  {
    condition: { kind: 'event_match', key: 'content.body', pattern: 'Ex*ple' },
    matches: [body('An example event.'), body('exple'), body('An exciting triple-whammy')],
    not: [body('An examplesque event'), body(['example'])],
  },
  {
    condition: { kind: 'event_property_is', key: 'content.m\\.federate', value: true },
    matches: [{ content: { 'm.federate': true } }],
    not: [{ content: { 'm.federate': 'true' } }, { content: { 'm.federate': 1 } }, {}],
  },
  {
    condition: { kind: 'event_property_is', key: 'content.x', value: null },
    matches: [{ content: { x: null } }],
    not: [{ content: {} }, { content: { x: 0 } }],
  },
  {
    condition: { kind: 'event_property_is', key: 'content.x', value: { a: 1 } },
    matches: [],
    not: [{ content: { x: { a: 1 } } }],
  },
  {
    condition: { kind: 'event_property_is', key: 'content.x', value: 1.5 },
    matches: [],
    not: [{ content: { x: 1.5 } }],
  },
  {
    condition: { kind: 'event_property_contains', key: 'content.list', value: 2 },
    matches: [{ content: { list: [[], 1, 2] } }],
    not: [{ content: { list: ['2'] } }, { content: { list: 2 } }, { content: { list: [[2]] } }],
  },
  { condition: { kind: 'org.example.unknown' }, matches: [], not: [{}] },
  { condition: { kind: 'event_match', key: 'type' }, matches: [], not: [{}] },
  { condition: { kind: 'event_match', key: 'type', pattern: 5 }, matches: [], not: [{}] },
  { condition: { kind: 'event_property_is', key: 'content.x' }, matches: [], not: [{}] },
  { condition: { kind: 'sender_notification_permission' }, matches: [], not: [{}] },
  { condition: { kind: 'room_member_count' }, matches: [], not: [{}] },
];

for (const { condition, matches, not } of CONDITION_CASES) {
  test(`the condition ${JSON.stringify(condition)}`, () => {
    const rules = compileRules(
      put(NO_PUSH_RULE_CHANGES, 'override', 'mine', { actions: [], conditions: [condition] }),
    );
    const isMatched = (event: Partial<PushEvent>) =>
      evaluatePushRules(rules, { ...message, ...event }, moderated).rule === 'mine';
    for (const event of matches) assert.ok(isMatched(event), JSON.stringify(event));
    for (const event of not) assert.ok(!isMatched(event), JSON.stringify(event));
  });
}

const COUNTS: Record<string, readonly number[]> = {
  '3': [3],
  '==3': [3],
  '<3': [1, 2],
  '>3': [4, 5],
  '<=3': [1, 2, 3],
  '>=3': [3, 4, 5],
  '=3': [],
  '3.0': [],
  x: [],
};

for (const [is, counts] of Object.entries(COUNTS)) {
  test(`a member count of ${is}`, () => {
    const conditions = [{ kind: 'room_member_count', is }];
    const rules = compileRules(
      put(NO_PUSH_RULE_CHANGES, 'override', 'mine', { actions: [], conditions }),
    );
    const matching = [1, 2, 3, 4, 5].filter(
      (memberCount) => evaluatePushRules(rules, message, { ...group, memberCount }).rule === 'mine',
    );
    assert.deepEqual(matching, counts);
  });
}

test('a display name is looked for as it is, in any case', () => {
  const rules = compileRules(
    put(NO_PUSH_RULE_CHANGES, 'override', 'name', {
      actions: ['notify', { set_tweak: 'highlight' }],
      conditions: [{ kind: 'contains_display_name' }],
    }),
  );
  assert.ok(rules.dependsOnDisplayName && !defaults.dependsOnDisplayName);
  const isNamed = (text: JsonValue, user?: PushUser) =>
    evaluatePushRules(rules, { ...message, ...body(text) }, group, user).highlight;
  assert.ok(isNamed('hello ALICE (away), are you there?', ALICE));
  assert.ok(!isNamed('hello Alice', ALICE));
  assert.ok(!isNamed('hello Alice (away)'), 'no user is given');
  assert.ok(!isNamed('hello', { ...ALICE, displayName: '' }));
  assert.ok(!isNamed('hello', { userId: ALICE.userId }));
  assert.ok(isNamed('a *', { ...ALICE, displayName: '*' }));
  assert.ok(!isNamed(5, ALICE));
});

test('kinds are tried in order', () => {
  let changes = NO_PUSH_RULE_CHANGES;
  const expectFirst = (kind: PushRuleKind, ruleId: string, more: JsonObject = {}) => {
    changes = put(changes, kind, ruleId, { actions: ['notify'], ...more });
    assert.equal(evaluatePushRules(compileRules(changes), message, group).rule, ruleId);
  };
  expectFirst('underride', 'under');
  expectFirst('sender', '@bob:example.org');
  expectFirst('room', '!room:example.org');
  expectFirst('content', 'word', { pattern: 'Example' });
  expectFirst('override', 'over');
});

test('rules of other rooms, senders and words do not match', () => {
  let changes = put(NO_PUSH_RULE_CHANGES, 'room', '!other:example.org', { actions: [] });
  changes = put(changes, 'sender', '@carol:example.org', { actions: [] });
  changes = put(changes, 'content', 'word', { actions: [], pattern: 'absent' });
  assert.equal(evaluatePushRules(compileRules(changes), message, group).rule, '.m.rule.message');
});

test('tweaks: a highlight has to be true and to notify', () => {
  const outcomeOf = (...actions: JsonValue[]) => {
    const changes = put(NO_PUSH_RULE_CHANGES, 'override', 'mine', { actions });
    return evaluatePushRules(compileRules(changes), message, group);
  };
  const highlight = { set_tweak: 'highlight' };
  assert.equal(outcomeOf('notify', highlight).highlight, true);
  assert.equal(outcomeOf('notify', { ...highlight, value: true }).highlight, true);
  assert.equal(outcomeOf('notify', { ...highlight, value: false }).highlight, false);
  assert.equal(outcomeOf('notify', highlight, { ...highlight, value: false }).highlight, false);
  assert.equal(outcomeOf(highlight).highlight, false);
  assert.equal(outcomeOf('notify', { set_tweak: 'sound', value: 'x.wav' }).sound, 'x.wav');
  assert.equal(outcomeOf('notify', { set_tweak: 'sound' }).sound, undefined);
  const flash = { set_tweak: 'org.example.flash', value: { colour: 'red' } };
  assert.deepEqual(outcomeOf('notify', flash).actions, ['notify', flash]);
  assert.equal(outcomeOf('dont_notify').notify, false);
});

test('whom an event names', () => {
  const named = (event: Partial<PushEvent>) => namedUsers({ ...message, ...event });
  assert.deepEqual(named({}), []);
  assert.deepEqual(named(mention({ user_ids: ['@a:b', 5, '@c:d', '@a:b'] })), ['@a:b', '@c:d']);
  assert.deepEqual(named(mention('x')), []);
  assert.deepEqual(named(mention({ user_ids: {} })), []);
  assert.deepEqual(named(invite), [ALICE.userId]);
  assert.deepEqual(named({ ...invite, ...mention({ user_ids: [ALICE.userId] }) }), [ALICE.userId]);
  assert.deepEqual(named({ type: 'org.example', state_key: ALICE.userId }), []);
});

function put(
  changes: PushRuleChanges,
  kind: PushRuleKind,
  ruleId: string,
  rule: JsonObject,
): PushRuleChanges {
  const edited = putPushRule(changes, kind, ruleId, rule);
  assert.ok(edited.ok);
  return edited.changes;
}
