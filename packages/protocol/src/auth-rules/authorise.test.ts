import assert from 'node:assert/strict';
import { test } from 'node:test';

import { thirdPartyCases } from '../../testing/auth-cases/third-party-cases.ts';
import { USER, complete, world } from '../../testing/auth-cases/world.ts';
import { knownVersion } from '../../testing/room-versions.ts';
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
