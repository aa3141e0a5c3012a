import assert from 'node:assert/strict';
import { test } from 'node:test';

import { knownVersion } from '../../testing/room-versions.ts';
import type { JsonObject } from '../canonical-json.ts';
import { redactClientEvent, redactContent, redactPdu, redactedEventOf } from './redact.ts';
import type { Pdu } from './types.ts';

interface ContentCase {
  readonly type: string;
  readonly content: JsonObject;
  /** What is left, for each version from which on it changes. */
  readonly left: Record<string, JsonObject>;
}

const POWER = {
  ban: 1,
  events: {},
  events_default: 2,
  kick: 3,
  redact: 4,
  state_default: 5,
  users: {},
  users_default: 6,
};
const CREATE = { creator: '@a:b', room_version: '9', 'm.federate': false };
const MEMBER = {
  membership: 'join',
  displayname: 'x',
  join_authorised_via_users_server: '@a:b',
  third_party_invite: { display_name: 'y', signed: { token: 't' } },
};

const CONTENT_CASES: readonly ContentCase[] = [
  { type: 'm.room.message', content: { body: 'x', membership: 'join' }, left: { 1: {} } },
  {
    type: 'm.room.member',
    content: MEMBER,
    left: {
      1: { membership: 'join' },
      9: { membership: 'join', join_authorised_via_users_server: '@a:b' },
      11: {
        membership: 'join',
        join_authorised_via_users_server: '@a:b',
        third_party_invite: { signed: { token: 't' } },
      },
    },
  },
  {
    type: 'm.room.member',
    content: { membership: 'invite', third_party_invite: { display_name: 'y' } },
    left: { 1: { membership: 'invite' }, 11: { membership: 'invite', third_party_invite: {} } },
  },
  {
    type: 'm.room.member',
    content: { membership: 'invite', third_party_invite: 'text' },
    left: { 1: { membership: 'invite' } },
  },
  { type: 'm.room.create', content: CREATE, left: { 1: { creator: '@a:b' }, 11: CREATE } },
  {
    type: 'm.room.join_rules',
    content: { join_rule: 'restricted', allow: [], other: 1 },
    left: { 1: { join_rule: 'restricted' }, 8: { join_rule: 'restricted', allow: [] } },
  },
  {
    type: 'm.room.power_levels',
    content: { ...POWER, invite: 7, notifications: {} },
    left: { 1: POWER, 11: { ...POWER, invite: 7 } },
  },
  { type: 'm.room.aliases', content: { aliases: [], x: 1 }, left: { 1: { aliases: [] }, 6: {} } },
  {
    type: 'm.room.history_visibility',
    content: { history_visibility: 'shared', x: 1 },
    left: { 1: { history_visibility: 'shared' } },
  },
  {
    type: 'm.room.redaction',
    content: { redacts: '$x', reason: 'spam' },
    left: { 1: {}, 11: { redacts: '$x' } },
  },
  { type: 'constructor', content: { keys: 1 }, left: { 1: {} } },
];

for (const { type, content, left } of CONTENT_CASES) {
  test(`what is left of ${type} ${JSON.stringify(content).slice(0, 50)}`, () => {
    let expected: JsonObject = {};
    for (let number = 1; number <= 12; number++) {
      expected = left[number] ?? expected;
      assert.deepEqual(
        redactContent(type, content, knownVersion(String(number))),
        expected,
        `version ${number}`,
      );
    }
  });
}

const pdu: Pdu & JsonObject = {
  type: 'm.room.message',
  sender: '@a:b',
  room_id: '!r:b',
  content: { body: 'x' },
  auth_events: ['$1'],
  prev_events: ['$2'],
  depth: 3,
  hashes: { sha256: 'h' },
  signatures: { b: { 'ed25519:1': 's' } },
  origin_server_ts: 5,
  unsigned: { age: 4 },
  redacts: '$3',
  origin: 'b',
  prev_state: [],
  membership: 'join',
  other: 1,
};

test('a redacted PDU keeps the protected keys', () => {
  const { unsigned: _unsigned, redacts: _redacts, other: _other, ...kept } = pdu;
  assert.deepEqual(redactPdu(pdu, knownVersion('10')), { ...kept, content: {} });
  const { origin: _origin, prev_state: _prev, membership: _membership, ...keptLater } = kept;
  assert.deepEqual(redactPdu(pdu, knownVersion('11')), { ...keptLater, content: {} });
  assert.equal(pdu.content['body'], 'x', 'the original is untouched');
});

test('a redacted client event carries its redaction', () => {
  const event: JsonObject = {
    type: 'm.room.message',
    event_id: '$e',
    room_id: '!r:b',
    sender: '@a:b',
    content: { body: 'x' },
    origin_server_ts: 5,
    unsigned: { age: 4 },
    extra: true,
  };
  const because = { type: 'm.room.redaction' };
  const bare = {
    type: 'm.room.message',
    event_id: '$e',
    room_id: '!r:b',
    sender: '@a:b',
    content: {},
    origin_server_ts: 5,
  };
  assert.deepEqual(redactClientEvent(event, knownVersion('12')), bare);
  assert.deepEqual(redactClientEvent(event, knownVersion('12'), because), {
    ...bare,
    unsigned: { redacted_because: because },
  });
});

test('the redacted event is named in the event or in the content, by version', () => {
  const event = { content: { redacts: '$in-content' }, redacts: '$in-event' };
  assert.equal(redactedEventOf(event, knownVersion('10')), '$in-event');
  assert.equal(redactedEventOf(event, knownVersion('11')), '$in-content');
  assert.equal(redactedEventOf({ content: { redacts: 1 } }, knownVersion('11')), undefined);
  assert.equal(redactedEventOf({ content: {} }, knownVersion('10')), undefined);
});
