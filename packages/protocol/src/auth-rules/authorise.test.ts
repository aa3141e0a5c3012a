import assert from 'node:assert/strict';
import { test } from 'node:test';

import { thirdPartyCases } from '../../testing/auth-cases/third-party-cases.ts';
import { CREATE_ID, CREATOR, USER, complete, world } from '../../testing/auth-cases/world.ts';
import { knownVersion } from '../../testing/room-versions.ts';
import type { EventReference } from '../events/types.ts';
import { authorise } from './authorise.ts';

test('without a verifier a third-party invite is rejected', () => {
  const accepted = thirdPartyCases.find(({ allowed }) => allowed);
  assert.ok(accepted);
  const version = knownVersion('11');
  const state = world(version, accepted.state, accepted.senderOf);
  assert.equal(authorise(complete(accepted.event, version), state, version).rule, '4.4.1.8');
});

test('a rejected create event carries no room of version 12', () => {
  const version = knownVersion('12');
  const state = world(version);
  const verdict = authorise(
    complete({ type: 'm.room.message', sender: USER }, version),
    {
      get: (type, key) => {
        const event = state.get(type, key);
        return event && type === 'm.room.create' ? { ...event, rejected: true } : event;
      },
    },
    version,
  );
  assert.deepEqual([verdict.allowed, verdict.rule], [false, '2']);
});

test('an event without a room is rejected where room IDs name a server', () => {
  const version = knownVersion('11');
  const create = { type: 'm.room.create', sender: USER, state_key: '', content: {} };
  const verdict = authorise({ ...create, eventId: '$a', prev_events: [] }, world(version), version);
  assert.deepEqual([verdict.allowed, verdict.rule], [false, '1.2']);
});

test('a pair names the create event as well as an ID does', () => {
  const version = knownVersion('1');
  const state = world(version, { [`m.room.member|${CREATOR}`]: null });
  const join = {
    type: 'm.room.member',
    sender: CREATOR,
    state_key: CREATOR,
    content: { membership: 'join' },
  };
  const judge = (references: EventReference[]) =>
    authorise({ ...complete(join, version), prev_events: references }, state, version).rule;
  assert.equal(judge([[CREATE_ID, { sha256: '' }]]), '5.2.1');
  assert.equal(judge([['$other:example.org', { sha256: '' }]]), '5.2.6');
});
