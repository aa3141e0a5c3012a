import assert from 'node:assert/strict';

import { createRoom, joinRoom, registerAdmin, sendText, type TestUser } from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { ok, refusal, roomPath, v3 } from './requests.ts';
import { serverTests, type ServerUnderTest } from './server-test.ts';

const test = serverTests();
const admin = '/_synapse/admin/v1';

const admins = new WeakMap<ServerUnderTest, Promise<TestUser>>();
function adminOf(given: ServerUnderTest): Promise<TestUser> {
  const known = admins.get(given) ?? registerAdmin(given.server, 'root');
  admins.set(given, known);
  return known;
}

test('reports of events are kept for administrators until they delete them', async (given) => {
  const [alice, bob, root] = [
    await given.user('alice'),
    await given.newUser(),
    await adminOf(given),
  ];
  const roomId = await createRoom(alice, { preset: 'public_chat', name: 'Reported' });
  await joinRoom(bob, roomId);
  const eventId = await sendText(alice, roomId, 'bad');
  const path = roomPath(roomId, 'report', eventId);
  await ok(bob, 'POST', path, { body: { reason: 'it is bad', score: -100 } });
  await ok(bob, 'POST', path, { body: {} });
  const list = async (query: Record<string, string | number>): Promise<unknown> =>
    ok(root, 'GET', `${admin}/event_reports`, { query: { user_id: bob.userId, ...query } });
  const all = await list({});
  assert.equal(valueAt(all, 'total'), 2);
  const [newest, oldest] = listAt(all, 'event_reports');
  assert.equal(valueAt(newest, 'reason'), null);
  const { id, received_ts: receivedTs, ...rest } = Object(oldest);
  assert.equal(typeof receivedTs, 'number');
  assert.deepEqual(rest, {
    room_id: roomId,
    event_id: eventId,
    user_id: bob.userId,
    sender: alice.userId,
    reason: 'it is bad',
    score: -100,
    name: 'Reported',
    canonical_alias: null,
  });
  const first = await list({ limit: 1, dir: 'f' });
  assert.equal(valueAt(listAt(first, 'event_reports')[0], 'id'), id);
  assert.equal(valueAt(first, 'next_token'), 1);
  const second = await list({ limit: 1, dir: 'f', from: 1 });
  assert.equal(valueAt(second, 'next_token'), undefined);
  assert.equal(valueAt(await list({ room_id: '!other' }), 'total'), 0);
  assert.equal(valueAt(await list({ event_sender_user_id: alice.userId }), 'total'), 2);
  const one = `${admin}/event_reports/${id}`;
  const shown = await ok(root, 'GET', one);
  assert.equal(valueAt(shown, 'event_json', 'content', 'body'), 'bad');
  await ok(root, 'DELETE', one);
  assert.equal(await refusal(root, 'GET', one), '404 M_NOT_FOUND');
  assert.equal(await refusal(root, 'DELETE', one), '404 M_NOT_FOUND');
  assert.equal(await refusal(root, 'GET', `${admin}/event_reports/x`), '400 M_INVALID_PARAM');
  assert.equal(await refusal(bob, 'GET', one), '403 M_FORBIDDEN');
});

test('events are reported by those who may see them in a room that they are in', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.newUser()];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  const eventId = await sendText(alice, roomId, 'bad');
  const body = { reason: '' };
  const report = (user: TestUser, event: string): Promise<string> =>
    refusal(user, 'POST', roomPath(roomId, 'report', event), { body });
  assert.equal(await report(bob, eventId), '404 M_NOT_FOUND');
  assert.equal(await report(alice, '$unknown'), '404 M_NOT_FOUND');
  const other = await createRoom(alice);
  const path = roomPath(other, 'report', eventId);
  assert.equal(await refusal(alice, 'POST', path, { body }), '404 M_NOT_FOUND');
  assert.equal(
    await refusal(alice, 'POST', roomPath(roomId, 'report', eventId), { body: { reason: 1 } }),
    '400 M_BAD_JSON',
  );
});

test('users and rooms are reported by anybody', async (given) => {
  const [alice, bob, root] = [
    await given.user('alice'),
    await given.newUser(),
    await adminOf(given),
  ];
  const path = (userId: string): string => `${v3}/users/${encodeURIComponent(userId)}/report`;
  await ok(bob, 'POST', path(alice.userId), { body: { reason: 'rude' } });
  const query = { user_id: bob.userId, target_user_id: alice.userId };
  const list = await ok(root, 'GET', `${admin}/user_reports`, { query });
  assert.equal(valueAt(list, 'total'), 1);
  const [report] = listAt(list, 'user_reports');
  assert.equal(valueAt(report, 'target_user_id'), alice.userId);
  assert.equal(valueAt(report, 'reason'), 'rude');
  const one = `${admin}/user_reports/${String(valueAt(report, 'id'))}`;
  assert.deepEqual(await ok(root, 'GET', one), report);
  await ok(root, 'DELETE', one);
  assert.equal(await refusal(root, 'GET', one), '404 M_NOT_FOUND');
  const body = { reason: 'rude' };
  assert.equal(await refusal(bob, 'POST', path('@no:x.org'), { body }), '404 M_NOT_FOUND');
  const roomId = await createRoom(alice);
  await ok(bob, 'POST', roomPath(roomId, 'report'), { body });
  assert.equal(
    await refusal(bob, 'POST', roomPath('!no:x.org', 'report'), { body }),
    '404 M_NOT_FOUND',
  );
  assert.equal(
    await refusal(bob, 'POST', roomPath(roomId, 'report'), { body: {} }),
    '400 M_MISSING_PARAM',
  );
});
