import assert from 'node:assert/strict';
import { test } from 'node:test';

import { knownVersion } from '../../testing/room-versions.ts';
import type { JsonObject } from '../canonical-json.ts';
import { authEventKeys } from './auth-event-keys.ts';

const ALICE = '@alice:example.org';
const BOB = '@bob:example.org';

interface KeysCase {
  readonly type: string;
  readonly target?: string;
  readonly content?: JsonObject;
  /** What is selected beside the create event (up to version 11), the power levels and the sender. */
  readonly more: readonly string[];
}

const CASES: Record<string, KeysCase> = {
  'a message': { type: 'm.room.message', more: [] },
  'a state event': { type: 'm.room.name', target: '', more: [] },
  'a join': {
    type: 'm.room.member',
    target: ALICE,
    content: { membership: 'join' },
    more: ['m.room.join_rules|'],
  },
  'a restricted join': {
    type: 'm.room.member',
    target: ALICE,
    content: { membership: 'join', join_authorised_via_users_server: BOB },
    more: ['m.room.join_rules|', `m.room.member|${BOB}`],
  },
  'a knock': {
    type: 'm.room.member',
    target: ALICE,
    content: { membership: 'knock' },
    more: ['m.room.join_rules|'],
  },
  'an invite': {
    type: 'm.room.member',
    target: BOB,
    content: { membership: 'invite' },
    more: [`m.room.member|${BOB}`, 'm.room.join_rules|'],
  },
  'a third-party invite': {
    type: 'm.room.member',
    target: BOB,
    content: { membership: 'invite', third_party_invite: { signed: { token: 'abc' } } },
    more: [`m.room.member|${BOB}`, 'm.room.join_rules|', 'm.room.third_party_invite|abc'],
  },
  'a malformed third-party invite': {
    type: 'm.room.member',
    target: BOB,
    content: { membership: 'invite', third_party_invite: { signed: { token: 1 } } },
    more: [`m.room.member|${BOB}`, 'm.room.join_rules|'],
  },
  'a kick': {
    type: 'm.room.member',
    target: BOB,
    content: { membership: 'leave' },
    more: [`m.room.member|${BOB}`],
  },
  'a ban': {
    type: 'm.room.member',
    target: BOB,
    content: { membership: 'ban', join_authorised_via_users_server: '@x:y' },
    more: [`m.room.member|${BOB}`],
  },
};

for (const [name, { type, target, content = {}, more }] of Object.entries(CASES)) {
  test(`what authorises ${name}`, () => {
    const event = {
      type,
      sender: ALICE,
      content,
      ...(target === undefined ? {} : { state_key: target }),
    };
    const usual = ['m.room.power_levels|', `m.room.member|${ALICE}`];
    const keysIn = (id: string) =>
      authEventKeys(event, knownVersion(id)).map(([keyType, key]) => `${keyType}|${key}`);
    assert.deepEqual(new Set(keysIn('11')), new Set(['m.room.create|', ...usual, ...more]));
    assert.deepEqual(new Set(keysIn('12')), new Set([...usual, ...more]));
    assert.equal(new Set(keysIn('12')).size, keysIn('12').length, 'no duplicates');
  });
}

test('nothing authorises a create event', () => {
  const create = { type: 'm.room.create', sender: ALICE, state_key: '', content: {} };
  assert.deepEqual(authEventKeys(create, knownVersion('11')), []);
});

test('versions without restricted rooms do not select the voucher', () => {
  const join = {
    type: 'm.room.member',
    sender: ALICE,
    state_key: ALICE,
    content: { membership: 'join', join_authorised_via_users_server: BOB },
  };
  assert.ok(!authEventKeys(join, knownVersion('7')).some(([, key]) => key === BOB));
});
