import assert from 'node:assert/strict';

import {
  compileRules,
  evaluatePushRules,
  NO_PUSH_RULE_CHANGES,
  putPushRule,
  type PushEvent,
  type PushRoom,
  type PushRuleChanges,
} from '@soma/protocol';

import type { Measure, ProtocolScenario } from './scenario.ts';

const keywords = 20;
const user = { userId: '@alice:example.org', displayName: 'Alice' };
const room: PushRoom = { memberCount: 100, senderPower: () => 0, notificationLevel: () => 50 };
const message: PushEvent = {
  type: 'm.room.message',
  sender: '@bob:example.org',
  room_id: '!room:example.org',
  content: { msgtype: 'm.text', body: 'The meeting moves to Thursday, 10 o’clock. '.repeat(5) },
};

export const pushRules: ProtocolScenario = {
  name: 'push-rules',
  title: 'Evaluating push rules',
  about:
    'A message of about 200 characters in a room of 100 members, for one user: it reaches the last but one of the ' +
    `default rules, so that nearly all are looked at; then with ${keywords} words of the user’s own, none of which it ` +
    'has. Compiling is what happens once for each different set of rules.',
  measures: () => [
    evaluating('the default rules', NO_PUSH_RULE_CHANGES),
    evaluating(`and ${keywords} words`, withKeywords()),
    { title: 'compile the default rules', soma: () => compileRules(NO_PUSH_RULE_CHANGES) },
  ],
};

function evaluating(title: string, changes: PushRuleChanges): Measure {
  const rules = compileRules(changes);
  const evaluate = () => evaluatePushRules(rules, message, room, user);
  assert.equal(evaluate().rule, '.m.rule.message');
  return { title, soma: evaluate };
}

function withKeywords(): PushRuleChanges {
  let changes = NO_PUSH_RULE_CHANGES;
  for (let index = 0; index < keywords; index += 1) {
    const rule = { pattern: `word${index}`, actions: ['notify'] };
    const edited = putPushRule(changes, 'content', `word${index}`, rule);
    assert.ok(edited.ok);
    changes = edited.changes;
  }
  return changes;
}
