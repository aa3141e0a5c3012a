import assert from 'node:assert/strict';

import { createRoom, joinRoom, type TestUser } from '../harness/client.ts';
import { textAt, valueAt } from '../harness/json-path.ts';
import { ok, refusal, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';
import { deviceKeys, newIdentity } from './signing-identity.ts';
import { listOf, slide, slideDuring, slidingPath } from './sliding-view.ts';

const test = serverTests();
let transactions = 0;

function asking(toDevice: object = {}): object {
  const to_device = { enabled: true, ...toDevice };
  return { ...listOf({}), extensions: { to_device, e2ee: { enabled: true } } };
}

function send(sender: TestUser, to: TestUser, note: string): Promise<unknown> {
  transactions += 1;
  const body = { messages: { [to.userId]: { [to.deviceId]: { note } } } };
  return ok(sender, 'PUT', `${v3}/sendToDevice/org.example.note/x${transactions}`, { body });
}

function notesOf(extension: unknown): unknown[] {
  const events = valueAt(extension, 'events');
  return Array.isArray(events) ? events.map((event) => valueAt(event, 'content', 'note')) : [];
}

test('messages to the device come once they are sent, and go when they are acknowledged', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const first = await slide(bob, asking());
  assert.deepEqual(notesOf(first.extension('to_device')), []);
  const since = textAt(first.extension('to_device'), 'next_batch');
  const woken = await slideDuring(bob, asking({ since }), first.pos, () => send(alice, bob, 'one'));
  assert.deepEqual(notesOf(woken.extension('to_device')), ['one']);
  await send(alice, bob, 'two');
  const again = await slide(bob, asking({ since }), { pos: woken.pos });
  const both = ['one', 'two'];
  assert.deepEqual(notesOf(again.extension('to_device')), both, 'nothing is acknowledged yet');
  const next = textAt(woken.extension('to_device'), 'next_batch');
  const rest = await slide(bob, asking({ since: next }), { pos: again.pos });
  assert.deepEqual(notesOf(rest.extension('to_device')), ['two']);
  const fresh = await slide(bob, asking());
  assert.deepEqual(notesOf(fresh.extension('to_device')), ['two'], 'the first one is gone');
});

test('a device learns what is left of its keys, and whose devices changed', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId);
  const first = await slide(alice, asking());
  const told = first.extension('e2ee');
  assert.equal(valueAt(told, 'device_one_time_keys_count', 'signed_curve25519'), 0);
  assert.deepEqual(valueAt(told, 'device_unused_fallback_key_types'), []);
  assert.equal(valueAt(told, 'device_lists'), undefined);
  const second = await slideDuring(alice, asking(), first.pos, () =>
    ok(bob, 'POST', `${v3}/keys/upload`, {
      body: { device_keys: deviceKeys(bob, newIdentity()) },
    }),
  );
  assert.deepEqual(valueAt(second.extension('e2ee'), 'device_lists', 'changed'), [bob.userId]);
});

test('a since that no answer gave is refused', async (given) => {
  const alice = await given.newUser();
  const body = asking({ since: 'yesterday' });
  assert.equal(await refusal(alice, 'POST', slidingPath, { body }), '400 M_INVALID_PARAM');
});
