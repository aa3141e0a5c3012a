import assert from 'node:assert/strict';

import {
  createRoom,
  inviteUser,
  joinRoom,
  logIn,
  registerAdmin,
  sendText,
  type TestUser,
} from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';
import { confirmed } from './interactive.ts';
import { act, ok, refusal, refusedAct, roomPath, v3 } from './requests.ts';
import { serverTests, type ServerUnderTest } from './server-test.ts';

const test = serverTests();
const admin = '/_matrix/client/v1/admin';

const admins = new WeakMap<ServerUnderTest, Promise<TestUser>>();
function adminOf(given: ServerUnderTest): Promise<TestUser> {
  const known = admins.get(given) ?? registerAdmin(given.server, 'root');
  admins.set(given, known);
  return known;
}

function set(root: TestUser, what: 'lock' | 'suspend', user: TestUser, on: boolean) {
  const key = what === 'lock' ? 'locked' : 'suspended';
  const path = `${admin}/${what}/${encodeURIComponent(user.userId)}`;
  return ok(root, 'PUT', path, { body: { [key]: on } });
}

test('a locked account can log out and nothing else, and has its sessions back after', async (given) => {
  const root = await adminOf(given);
  const alice = await given.newUser();
  const phone = await logIn(given.server, alice.userId);
  const path = `${admin}/lock/${encodeURIComponent(alice.userId)}`;
  assert.deepEqual(await ok(root, 'GET', path), { locked: false });
  assert.deepEqual(await set(root, 'lock', alice, true), { locked: true });
  assert.deepEqual(await ok(root, 'GET', path), { locked: true });
  const { status, body } = await alice.request('GET', `${v3}/sync`);
  assert.deepEqual(
    [status, valueAt(body, 'errcode'), valueAt(body, 'soft_logout')],
    [401, 'M_USER_LOCKED', true],
  );
  await assert.rejects(logIn(given.server, alice.userId), /M_USER_LOCKED/);
  await ok(phone, 'POST', `${v3}/logout`, { body: {} });
  await set(root, 'lock', alice, false);
  await ok(alice, 'GET', `${v3}/account/whoami`);
});

test('a suspended account reads, leaves and takes back, and does not act', async (given) => {
  const root = await adminOf(given);
  const [alice, bob] = [await given.newUser(), await given.user('bob')];
  const roomId = await createRoom(bob, { preset: 'public_chat' });
  const other = await createRoom(bob, { preset: 'public_chat' });
  await joinRoom(alice, roomId);
  const own = await sendText(alice, roomId, 'mine');
  const theirs = await sendText(bob, roomId, 'theirs');
  await inviteUser(bob, await createRoom(bob), alice.userId);
  assert.deepEqual(await set(root, 'suspend', alice, true), { suspended: true });
  const profile = `${v3}/profile/${encodeURIComponent(alice.userId)}`;
  for (const [method, path, body] of [
    ['POST', roomPath(other, 'join'), {}],
    ['POST', roomPath(roomId, 'invite'), { user_id: bob.userId }],
    ['POST', `${v3}/createRoom`, {}],
    ['PUT', roomPath(roomId, 'send', 'm.room.message', 'a'), { body: 'x', msgtype: 'm.text' }],
    ['PUT', roomPath(roomId, 'state', 'm.room.topic', ''), { topic: 'x' }],
    ['PUT', roomPath(other, 'state', 'm.room.member', alice.userId), { membership: 'join' }],
    ['PUT', roomPath(roomId, 'redact', theirs, 'b'), {}],
    ['PUT', roomPath(roomId, 'send', 'm.room.redaction', 'c'), { redacts: theirs }],
    ['PUT', `${profile}/displayname`, { displayname: 'x' }],
    ['PUT', `${profile}/org.example.a`, { 'org.example.a': 'x' }],
    ['DELETE', `${profile}/displayname`, undefined],
  ] as const) {
    const answer = await refusal(alice, method, path, body === undefined ? {} : { body });
    assert.equal(answer, '403 M_USER_SUSPENDED', `${method} ${path}`);
  }
  const redaction = roomPath(roomId, 'redact', own, 'd');
  await ok(alice, 'PUT', redaction, { body: {} });
  await ok(alice, 'GET', `${v3}/sync`);
  await logIn(given.server, alice.userId);
  await act(alice, roomId, 'leave');
  assert.equal(await refusedAct(alice, roomId, 'join'), '403 M_USER_SUSPENDED');
  await set(root, 'suspend', alice, false);
  await act(alice, roomId, 'join');
});

test('only administrators moderate, and only users of this server who are none', async (given) => {
  const root = await adminOf(given);
  const alice = await given.newUser();
  for (const [what, key] of [
    ['lock', 'locked'],
    ['suspend', 'suspended'],
  ] as const) {
    const of = (userId: string): string => `${admin}/${what}/${encodeURIComponent(userId)}`;
    const body = { body: { [key]: true } };
    for (const [by, userId, wanted] of [
      [alice, root.userId, '403 M_FORBIDDEN'],
      [alice, '@nobody:soma.test', '403 M_FORBIDDEN'],
      [root, root.userId, '403 M_FORBIDDEN'],
      [root, '@nobody:soma.test', '404 M_NOT_FOUND'],
      [root, '@alice:elsewhere.test', '400 M_INVALID_PARAM'],
    ] as const) {
      assert.equal(await refusal(by, 'PUT', of(userId), body), wanted, userId);
      assert.equal(await refusal(by, 'GET', of(userId)), wanted, userId);
    }
    const missing = await refusal(root, 'PUT', of(alice.userId), { body: {} });
    assert.equal(missing, '400 M_MISSING_PARAM');
  }
  const capabilities = async (user: TestUser): Promise<unknown> =>
    valueAt(await ok(user, 'GET', `${v3}/capabilities`), 'capabilities', 'm.account_moderation');
  assert.deepEqual(await capabilities(root), { suspend: true, lock: true });
  assert.equal(await capabilities(alice), undefined);
});

test('the admin API of Synapse suspends as well', async (given) => {
  const root = await adminOf(given);
  const alice = await given.newUser();
  const path = `/_synapse/admin/v1/suspend/${encodeURIComponent(alice.userId)}`;
  const answer = await ok(root, 'PUT', path, { body: { suspend: true } });
  assert.deepEqual(answer, { [`user_${alice.userId}_suspended`]: true });
  const refused = await refusal(alice, 'POST', `${v3}/createRoom`, { body: {} });
  assert.equal(refused, '403 M_USER_SUSPENDED');
  assert.equal(await refusal(alice, 'PUT', path, { body: { suspend: true } }), '403 M_FORBIDDEN');
});

test('a suspended user can end the account', async (given) => {
  const root = await adminOf(given);
  const alice = await given.newUser();
  await set(root, 'suspend', alice, true);
  assert.equal((await confirmed(alice, 'POST', `${v3}/account/deactivate`)).status, 200);
});

test('users see from where their devices were used, and administrators see it of others', async (given) => {
  const root = await adminOf(given);
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const path = (userId: string): string => `${v3}/admin/whois/${encodeURIComponent(userId)}`;
  const own = await ok(alice, 'GET', path(alice.userId));
  assert.equal(valueAt(own, 'user_id'), alice.userId);
  const seen = await ok(root, 'GET', path(alice.userId));
  const place = ['devices', alice.deviceId, 'sessions', 0, 'connections', 0] as const;
  assert.equal(valueAt(seen, ...place, 'ip'), '127.0.0.1');
  assert.equal(typeof valueAt(seen, ...place, 'last_seen'), 'number');
  assert.equal(typeof valueAt(seen, ...place, 'user_agent'), 'string');
  assert.equal(await refusal(bob, 'GET', path(alice.userId)), '403 M_FORBIDDEN');
  assert.equal(await refusal(bob, 'GET', path('@nobody:soma.test')), '403 M_FORBIDDEN');
  assert.equal(await refusal(root, 'GET', path('@nobody:soma.test')), '404 M_NOT_FOUND');
  assert.equal(await refusal(root, 'GET', path('@alice:elsewhere.test')), '400 M_INVALID_PARAM');
});
