import assert from 'node:assert/strict';

import { logIn, type TestUser } from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { ok, refusal, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';
import { pollDuring, sync, type SyncView } from './sync-view.ts';

const test = serverTests();
let transactions = 0;

function send(
  sender: TestUser,
  messages: object,
  { type = 'org.example.note', txnId = `t${(transactions += 1)}` } = {},
): Promise<unknown> {
  return ok(sender, 'PUT', `${v3}/sendToDevice/${type}/${txnId}`, { body: { messages } });
}

function notesIn({ json }: SyncView): unknown[] {
  return listAt(json, 'to_device', 'events').map((event) => valueAt(event, 'content', 'note'));
}

test('a message reaches its device alone, and is gone once it was acknowledged', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.newUser()];
  const phone = await logIn(given.server, bob.userId);
  const [start, before] = [await sync(phone), await sync(bob)];
  await send(alice, { [bob.userId]: { [phone.deviceId]: { note: 'one' } } });
  const first = await sync(phone, { since: start.nextBatch });
  assert.deepEqual(listAt(first.json, 'to_device', 'events'), [
    { sender: alice.userId, type: 'org.example.note', content: { note: 'one' } },
  ]);
  assert.deepEqual(notesIn(await sync(bob, { since: before.nextBatch })), []);
  const lost = await sync(phone, { since: start.nextBatch });
  assert.deepEqual(notesIn(lost), ['one'], 'an answer that was lost comes again');
  assert.deepEqual(notesIn(await sync(phone, { since: first.nextBatch })), []);
  assert.deepEqual(notesIn(await sync(phone, { since: start.nextBatch })), []);
  assert.deepEqual(notesIn(await sync(phone)), []);
});

test('a star sends to all devices, except where one has a message of its own', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.newUser()];
  const phone = await logIn(given.server, bob.userId);
  const contents = { '*': { note: 'all' }, [phone.deviceId]: { note: 'phone' }, NONE: {} };
  await send(alice, { [bob.userId]: contents, '@nobody:soma.test': { '*': {} }, junk: {} });
  assert.deepEqual(notesIn(await sync(bob)), ['all']);
  assert.deepEqual(notesIn(await sync(phone)), ['phone']);
});

test('a transaction is carried out once', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.newUser()];
  const aliceElsewhere = await logIn(given.server, alice.userId);
  const to = (note: string): object => ({ [bob.userId]: { '*': { note } } });
  await send(alice, to('one'), { txnId: 'same' });
  await send(alice, to('again'), { txnId: 'same' });
  await send(alice, to('other type'), { txnId: 'same', type: 'org.example.other' });
  await send(aliceElsewhere, to('other device'), { txnId: 'same' });
  assert.deepEqual(notesIn(await sync(bob)), ['one', 'other type', 'other device']);
});

test('many messages come in order, a hundred to an answer', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.newUser()];
  const notes = Array.from({ length: 230 }, (_, index) => index);
  let view = await sync(bob);
  for (const note of notes) await send(alice, { [bob.userId]: { '*': { note } } });
  const seen: unknown[][] = [];
  for (let left = 4; left > 0; left -= 1) {
    view = await sync(bob, { since: view.nextBatch });
    seen.push(notesIn(view));
  }
  assert.deepEqual(
    seen.map((each) => each.length),
    [100, 100, 30, 0],
  );
  assert.deepEqual(seen.flat(), notes);
});

test('a message wakes the device that it is for', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.newUser()];
  const phone = await logIn(given.server, bob.userId);
  const [atPhone, atBob] = [await sync(phone), await sync(bob)];
  const other = ok(bob, 'GET', `${v3}/sync`, {
    query: { since: atBob.nextBatch, timeout: 1500 },
  });
  const woken = await pollDuring(phone, { since: atPhone.nextBatch }, () =>
    send(alice, { [bob.userId]: { [phone.deviceId]: { note: 'wake' } } }),
  );
  assert.deepEqual(notesIn(woken), ['wake']);
  assert.deepEqual(listAt(await other, 'to_device', 'events'), []);
});

test('the old ways to sync neither tell of messages nor take them away', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.newUser()];
  await send(alice, { [bob.userId]: { '*': { note: 'kept' } } });
  const initial = await ok(bob, 'GET', `${v3}/initialSync`);
  const events = await ok(bob, 'GET', `${v3}/events`, {
    query: { from: textAt(initial, 'end'), timeout: 0 },
  });
  const view = await sync(bob, { since: textAt(events, 'end') });
  assert.deepEqual(notesIn(view), ['kept']);
  assert.deepEqual(notesIn(await sync(bob, { since: view.nextBatch })), []);
});

test('what is too large or malformed is refused', async (given) => {
  const alice = await given.user('alice');
  const path = `${v3}/sendToDevice/org.example.note`;
  const large = { messages: { [alice.userId]: { '*': { note: 'x'.repeat(70_000) } } } };
  assert.equal(await refusal(alice, 'PUT', `${path}/large`, { body: large }), '413 M_TOO_LARGE');
  assert.equal(await refusal(alice, 'PUT', `${path}/none`, { body: {} }), '400 M_MISSING_PARAM');
  for (const body of [{ messages: [] }, { messages: { [alice.userId]: { '*': 'text' } } }]) {
    assert.equal(await refusal(alice, 'PUT', `${path}/bad`, { body }), '400 M_BAD_JSON');
  }
  const long = `${v3}/sendToDevice/${'t'.repeat(300)}/long`;
  const refused = await refusal(alice, 'PUT', long, { body: { messages: {} } });
  assert.equal(refused, '400 M_INVALID_PARAM');
});

test('messages go with the device', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.newUser()];
  const body = (deviceId?: string): object => ({
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user: bob.userId },
    password: 'correct horse battery staple',
    ...(deviceId === undefined ? {} : { device_id: deviceId }),
  });
  const phone = await logIn(given.server, bob.userId);
  await send(alice, { [bob.userId]: { [phone.deviceId]: { note: 'lost' } } });
  await ok(phone, 'POST', `${v3}/logout`);
  const again = await ok(bob, 'POST', `${v3}/login`, { body: body(phone.deviceId) });
  const token = String(valueAt(again, 'access_token'));
  const json = await ok(bob, 'GET', `${v3}/sync`, { token });
  assert.deepEqual(listAt(json, 'to_device', 'events'), []);
});

const limited = serverTests({ rc_key_requests: { per_second: 1 / 3600, burst_count: 2 } });

limited('requests for room keys beyond the limit are accepted and not delivered', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.newUser()];
  const request = (user: TestUser, type: string, n: number): Promise<unknown> =>
    ok(user, 'PUT', `${v3}/sendToDevice/${type}/${type}-${n}`, {
      body: { messages: { [bob.userId]: { '*': { n } } } },
    });
  for (let n = 0; n < 3; n += 1) await request(alice, 'm.room_key_request', n);
  // Other devices and other messages have limits of their own, or none.
  await request(bob, 'm.room_key_request', 3);
  await request(alice, 'org.example.note', 4);
  const json = await ok(bob, 'GET', `${v3}/sync`);
  const told = listAt(json, 'to_device', 'events').map((event) => valueAt(event, 'content', 'n'));
  assert.deepEqual(told, [0, 1, 3, 4]);
});
