import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  NO_PUSH_RULE_CHANGES,
  type PushRuleChanges,
  pushRulesKey,
  putPushRule,
} from '@soma/protocol';

import { narrowToRooms } from './narrowed-rules.ts';

const ROOM = '!room:example.org';

function put(
  changes: PushRuleChanges,
  ...rule: [kind: 'room' | 'override' | 'content', ruleId: string, body: object]
): PushRuleChanges {
  const edited = putPushRule(changes, ...rule);
  assert.ok(edited.ok);
  return edited.changes;
}

test('who mutes a room has the default rules everywhere else', () => {
  const muted = put(NO_PUSH_RULE_CHANGES, 'room', ROOM, { actions: [] });
  const { rooms, elsewhere } = narrowToRooms(muted);
  assert.equal(elsewhere.key, pushRulesKey(NO_PUSH_RULE_CHANGES));
  assert.deepEqual([...rooms.keys()], [ROOM]);
  assert.notEqual(rooms.get(ROOM)?.key, elsewhere.key);
});

test('a room is named by conditions too, and what is no room ID names none', () => {
  const condition = { kind: 'event_match', key: 'room_id', pattern: ROOM };
  const changes = put(NO_PUSH_RULE_CHANGES, 'override', 'mute', {
    actions: [],
    conditions: [condition],
  });
  assert.deepEqual([...narrowToRooms(changes).rooms.keys()], [ROOM]);
  const nowhere = put(changes, 'room', 'nowhere', { actions: [] });
  assert.deepEqual([...narrowToRooms(nowhere).rooms.keys()], [ROOM]);
});

test('a rule for all rooms holds in a named one as well', () => {
  const muted = put(NO_PUSH_RULE_CHANGES, 'room', ROOM, { actions: [] });
  const both = put(muted, 'content', 'cake', { actions: ['notify'], pattern: 'cake' });
  const { rooms, elsewhere } = narrowToRooms(both);
  assert.deepEqual(elsewhere.rules.custom.content?.length, 1);
  assert.deepEqual(rooms.get(ROOM)?.rules, both);
});
