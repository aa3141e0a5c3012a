import assert from 'node:assert/strict';

import { api } from '../harness/api.ts';
import { createRoom, joinRoom, registerGuest, testPassword } from '../harness/client.ts';
import { textAt, valueAt } from '../harness/json-path.ts';
import { ok, outcome, refusal, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';

const test = serverTests({ allow_guest_access: true });
const testClosed = serverTests();

const canJoin = { type: 'm.room.guest_access', content: { guest_access: 'can_join' } };

testClosed('guests are refused unless the operator lets them in', async ({ server }) => {
  const path = `${v3}/register?kind=guest`;
  const answer = await api(server.url).request('POST', path, { body: {} });
  assert.equal(outcome(answer), '403 M_FORBIDDEN');
});

test('what guests may not do is refused as such', async (given) => {
  const alice = await given.user('alice');
  const guest = await registerGuest(given.server);
  const own = encodeURIComponent(guest.userId);
  for (const [method, path, body] of [
    ['POST', `${v3}/createRoom`, {}],
    ['PUT', `${v3}/profile/${own}/avatar_url`, { avatar_url: 'mxc://soma.test/x' }],
    ['PUT', `${v3}/profile/${own}/m.tz`, { 'm.tz': 'Europe/Paris' }],
    ['DELETE', `${v3}/profile/${own}/avatar_url`, undefined],
    ['POST', `${v3}/delete_devices`, { devices: [] }],
    ['POST', `${v3}/account/password`, { new_password: 'x' }],
    ['POST', `${v3}/account/deactivate`, {}],
    ['GET', `${v3}/capabilities`, undefined],
    ['PUT', `${v3}/user/${own}/account_data/org.example.a`, {}],
  ] as const) {
    const answer = await refusal(guest, method, path, body === undefined ? {} : { body });
    assert.equal(answer, '403 M_GUEST_ACCESS_FORBIDDEN', `${method} ${path}`);
  }
  await ok(guest, 'PUT', `${v3}/profile/${own}/displayname`, { body: { displayname: 'G' } });
  await ok(guest, 'DELETE', `${v3}/profile/${own}/displayname`);
  await ok(alice, 'GET', `${v3}/capabilities`);
});

test('a guest becomes a user, and keeps the rooms', async (given) => {
  const alice = await given.user('alice');
  const guest = await registerGuest(given.server);
  const roomId = await createRoom(alice, { preset: 'public_chat', initial_state: [canJoin] });
  await joinRoom(guest, roomId);
  const username = guest.userId.slice(1).split(':')[0] ?? '';
  const client = api(given.server.url);
  const body = { username, password: testPassword, guest_access_token: guest.accessToken };
  const register = (changes: object) =>
    client.request('POST', `${v3}/register`, { body: { ...body, ...changes } });
  assert.equal(outcome(await register({ username: 'other' })), '403 M_FORBIDDEN');
  const wrong = await register({ guest_access_token: alice.accessToken });
  assert.equal(outcome(wrong), '403 M_FORBIDDEN');
  const session = textAt((await register({})).body, 'session');
  const made = await register({ auth: { type: 'm.login.dummy', session } });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  assert.equal(valueAt(made.body, 'user_id'), guest.userId);
  const token = textAt(made.body, 'access_token');
  const who = await client.request('GET', `${v3}/account/whoami`, { token });
  assert.equal(valueAt(who.body, 'is_guest'), false);
  const joined = await client.request('GET', `${v3}/joined_rooms`, { token });
  assert.deepEqual(joined.body, { joined_rooms: [roomId] });
  const again = await register({});
  assert.equal(outcome(again), '403 M_FORBIDDEN');
});
