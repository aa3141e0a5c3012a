import assert from 'node:assert/strict';
import { test as plainTest } from 'node:test';

import { api } from '../harness/api.ts';
import {
  createRoom,
  joinRoom,
  registerUser,
  sendState,
  sendText,
  type TestUser,
} from '../harness/client.ts';
import { testEngines } from '../harness/engines.ts';
import { startHomeserver } from '../harness/homeserver-process.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { until } from '../harness/until.ts';
import {
  ok,
  outcome,
  readContent,
  readEvent,
  readMessages,
  refusal,
  roomPath,
} from './requests.ts';
import { tell } from './seen-event.ts';
import { serverTests } from './server-test.ts';

const config = { max_event_delay_duration: '1h' };
const test = serverTests(config);
const without = serverTests();
const base = '/_matrix/client/unstable/org.matrix.msc4140/delayed_events';

function query(delayMs: number) {
  return { 'org.matrix.msc4140.delay': delayMs };
}

async function delayText(
  user: TestUser,
  roomId: string,
  text: string,
  delayMs: number,
): Promise<string> {
  const path = roomPath(roomId, 'send', 'm.room.message', `${Math.random()}`);
  const body = { msgtype: 'm.text', body: text };
  return textAt(await ok(user, 'PUT', path, { query: query(delayMs), body }), 'delay_id');
}

async function waiting(user: TestUser): Promise<unknown[]> {
  return listAt(await ok(user, 'GET', base), 'delayed_events');
}

async function texts(user: TestUser, roomId: string): Promise<string[]> {
  return tell((await readMessages(user, roomId)).events);
}

test('an event is sent when its delay is over, or before by request', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  await delayText(alice, roomId, 'soon', 100);
  await until('the event', async () => (await texts(alice, roomId)).includes('soon'));
  const delayId = await delayText(alice, roomId, 'by request', 1_000_000);
  const [shown] = await waiting(alice);
  assert.equal(valueAt(shown, 'delay_id'), delayId);
  assert.equal(valueAt(shown, 'room_id'), roomId);
  assert.equal(valueAt(shown, 'delay'), 1_000_000);
  assert.equal(valueAt(shown, 'content', 'body'), 'by request');
  const anonymous = api(given.server.url);
  const restarted = await anonymous.request('POST', `${base}/${delayId}/restart`);
  assert.equal(restarted.status, 200);
  assert.ok(
    Number(valueAt((await waiting(alice))[0], 'running_since')) >=
      Number(valueAt(shown, 'running_since')),
  );
  await ok(alice, 'POST', `${base}/${delayId}`, { body: { action: 'send' } });
  assert.ok((await texts(alice, roomId)).includes('by request'));
  assert.deepEqual(await waiting(alice), []);
});

test('a cancelled event is never sent, and state gives way to that of others', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const power = { users: {}, state_default: 0 };
  const roomId = await createRoom(alice, {
    preset: 'public_chat',
    power_level_content_override: power,
  });
  await joinRoom(bob, roomId);
  const cancelled = await delayText(alice, roomId, 'cancelled', 1_000);
  assert.equal(
    outcome(await alice.request('POST', `${base}/${cancelled}/cancel`, { body: {} })),
    '200',
  );
  assert.deepEqual(await waiting(alice), []);
  const path = roomPath(roomId, 'state', 'org.call', 'key');
  const set = { query: query(1_000_000), body: { by: 'alice' } };
  const delayId = textAt(await ok(alice, 'PUT', path, set), 'delay_id');
  await sendState(bob, roomId, 'org.call', 'key', { by: 'bob' });
  await ok(alice, 'POST', `${base}/${delayId}/send`, { body: {} });
  assert.deepEqual(await readContent(alice, roomId, 'org.call', 'key'), { by: 'bob' });
  const again = textAt(await ok(alice, 'PUT', path, set), 'delay_id');
  await ok(alice, 'POST', `${base}/${again}/send`, { body: {} });
  assert.deepEqual(await readContent(alice, roomId, 'org.call', 'key'), { by: 'alice' });
});

test('delays that are too long, of strangers or unknown are refused', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await createRoom(alice);
  const path = roomPath(roomId, 'send', 'm.room.message', 'txn');
  const body = { body: 'x' };
  const ask = (user: TestUser, delayMs: number): Promise<string> =>
    refusal(user, 'PUT', path, { query: query(delayMs), body });
  assert.equal(await ask(alice, 3_600_001), '403 M_FORBIDDEN');
  assert.equal(await ask(bob, 1_000), '403 M_FORBIDDEN');
  assert.equal(await ask(alice, -1), '400 M_INVALID_PARAM');
  assert.equal(await refusal(alice, 'POST', `${base}/unknown/cancel`), '404 M_NOT_FOUND');
  const action = { action: 'unknown' };
  assert.equal(await refusal(alice, 'POST', `${base}/x`, { body: action }), '400 M_BAD_JSON');
  const member = roomPath(roomId, 'state', 'm.room.member', alice.userId);
  const leave = { query: query(1), body: { membership: 'leave' } };
  assert.equal(await refusal(alice, 'PUT', member, leave), '400 M_INVALID_PARAM');
});

without('where the operator allows none, no event is delayed', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  const path = roomPath(roomId, 'send', 'm.room.message', 'txn');
  const wanted = { query: query(1), body: { body: 'x' } };
  assert.equal(await refusal(alice, 'PUT', path, wanted), '403 M_FORBIDDEN');
});

for (const engine of testEngines()) {
  plainTest(`delayed events outlive a crash (${engine.name})`, async () => {
    const server = await startHomeserver({ engine, config });
    const alice = await registerUser(server, 'alice');
    const roomId = await createRoom(alice);
    await delayText(alice, roomId, 'after the crash', 500);
    await server.kill();
    await server.restart();
    await until('the event', async () => (await texts(alice, roomId)).includes('after the crash'));
    assert.deepEqual(await waiting(alice), []);
    await server.stop();
    await server.dispose();
  });
}

test('the newer form is repeated in peace, and each event can be looked at by its owner', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await createRoom(alice);
  const rooms = '/_matrix/client/unstable/org.matrix.msc4140/rooms';
  const path = (type: string, txnId: string): string =>
    `${rooms}/${encodeURIComponent(roomId)}/delayed_event/${type}/${txnId}`;
  const body = { delay: 1_000_000, state_key: 'key', content: { n: 1 } };
  const first = textAt(await ok(alice, 'PUT', path('org.example.x', '1'), { body }), 'delay_id');
  assert.deepEqual(await ok(alice, 'PUT', path('org.example.x', '1'), { body }), {
    delay_id: first,
  });
  const other = textAt(await ok(alice, 'PUT', path('org.example.x', '2'), { body }), 'delay_id');
  assert.notEqual(other, first);
  const shown = await ok(alice, 'GET', `${base}/${first}`);
  assert.equal(valueAt(shown, 'state_key'), 'key');
  assert.deepEqual(valueAt(shown, 'content'), { n: 1 });
  assert.equal(await refusal(bob, 'GET', `${base}/${first}`), '404 M_NOT_FOUND');
  await ok(alice, 'POST', `${base}/${first}/send`);
  assert.deepEqual(await readContent(alice, roomId, 'org.example.x', 'key'), { n: 1 });
  assert.equal(await refusal(alice, 'GET', `${base}/${first}`), '404 M_NOT_FOUND');
  assert.equal(await refusal(bob, 'PUT', path('org.example.x', '3'), { body }), '403 M_FORBIDDEN');
  const long = { ...body, delay: 10_000_000 };
  assert.equal(
    await refusal(alice, 'PUT', path('org.example.x', '4'), { body: long }),
    '403 M_FORBIDDEN',
  );
  const create = await refusal(alice, 'PUT', path('m.room.create', '5'), { body });
  assert.equal(create, '403 M_FORBIDDEN');
  const none = await refusal(alice, 'PUT', path('org.example.x', '6'), { body: { content: {} } });
  assert.equal(none, '400 M_MISSING_PARAM');
});

test('a send with a delay is repeated in peace', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  const path = roomPath(roomId, 'send', 'm.room.message', 'once');
  const request = { query: query(1_000_000), body: { msgtype: 'm.text', body: 'once' } };
  const first = await ok(alice, 'PUT', path, request);
  assert.deepEqual(await ok(alice, 'PUT', path, request), first);
  assert.equal((await waiting(alice)).length, 1);
});

test('a redaction may be delayed, in room versions old and new', async (given) => {
  const alice = await given.newUser();
  for (const version of ['10', '12']) {
    const roomId = await createRoom(alice, { room_version: version });
    const eventId = await sendText(alice, roomId, 'regretted');
    const path = roomPath(roomId, 'send', 'm.room.redaction', version);
    const later = { query: query(100), body: { redacts: eventId } };
    await ok(alice, 'PUT', path, later);
    const body = async () => valueAt((await readEvent(alice, roomId, eventId)).content, 'body');
    await until('the redaction', async () => (await body()) === undefined);
    const bad = await refusal(alice, 'PUT', `${path}-bad`, { query: query(100), body: {} });
    assert.equal(bad, '400 M_BAD_JSON');
  }
});
