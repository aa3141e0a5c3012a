import assert from 'node:assert/strict';

import { ok } from '../client-server/requests.ts';
import { pathOf } from '../harness/api.ts';
import { createRoom, joinRoom, registerUser, sync } from '../harness/client.ts';
import type { TestUser } from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';
import { federationTests } from './federation-test.ts';

const test = federationTests();

async function say(user: TestUser, status: string): Promise<void> {
  const path = pathOf`/_matrix/client/v3/presence/${user.userId}/status`;
  await ok(user, 'PUT', path, { body: { presence: 'online', status_msg: status } });
}

/** Waits until the user is told of another one's presence. */
async function untilTold(user: TestUser, of: TestUser): Promise<unknown> {
  const deadlineMs = performance.now() + 20_000;
  for (let since: string | undefined; performance.now() < deadlineMs;) {
    const next = await sync(user, since === undefined ? {} : { since, timeoutMs: 5_000 });
    since = next.nextBatch;
    const events = valueAt(next.body, 'presence', 'events');
    const told = (Array.isArray(events) ? events : []).find(
      (event) => valueAt(event, 'sender') === of.userId,
    );
    if (told !== undefined) return valueAt(told, 'content', 'status_msg');
  }
  return assert.fail(`${user.userId} is not told of ${of.userId}`);
}

test('who joins from another server learns the presence of those who are there, and they of who has joined', async ({
  one,
  two,
}) => {
  const alice = await registerUser(one, 'there');
  const bob = await registerUser(two, 'arriving');
  await createRoom(alice, { preset: 'public_chat', room_alias_name: 'presence' });
  await say(alice, 'at home');
  await say(bob, 'on the way');
  await joinRoom(bob, `#presence:${one.serverName}`);
  assert.equal(await untilTold(bob, alice), 'at home');
  assert.equal(await untilTold(alice, bob), 'on the way');
});
