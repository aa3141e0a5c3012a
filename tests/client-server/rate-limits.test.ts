import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { api, pathOf, type Response } from '../harness/api.ts';
import {
  createRoom,
  joinRoom,
  registerUser,
  testPassword,
  type TestUser,
} from '../harness/client.ts';
import { startHomeserver, type TestHomeserver } from '../harness/homeserver-process.ts';
import { valueAt } from '../harness/json-path.ts';

const base = '/_matrix/client/v3';
/** One an hour, after the first few at once. */
const few = (burst: number): object => ({ per_second: 1 / 3600, burst_count: burst });

let server: TestHomeserver;
let alice: TestUser;
let bob: TestUser;
let rooms: string[];

before(async () => {
  server = await startHomeserver({
    config: {
      rc_message: few(2),
      rc_registration: few(3),
      rc_login: { address: few(3), account: few(2), failed_attempts: few(2) },
      rc_joins: { local: few(2), remote: few(1) },
      rc_invites: { per_room: few(10), per_user: few(1), per_issuer: few(10) },
      rc_room_creation: few(3),
    },
  });
  alice = await registerUser(server, 'alice');
  bob = await registerUser(server, 'bob');
  rooms = [];
  for (let count = 0; count < 3; count += 1) {
    rooms.push(await createRoom(alice, { preset: 'public_chat' }));
  }
});
after(() => server.dispose());

function assertLimited({ status, body, headers }: Response): void {
  assert.deepEqual([status, valueAt(body, 'errcode')], [429, 'M_LIMIT_EXCEEDED']);
  const waitMs = valueAt(body, 'retry_after_ms');
  assert.ok(typeof waitMs === 'number' && Number.isInteger(waitMs) && waitMs > 0);
  assert.equal(headers['retry-after'], String(Math.ceil(waitMs / 1000)));
  assert.equal(headers['access-control-allow-origin'], '*');
  assert.match(String(headers['access-control-expose-headers']), /Retry-After/);
}

function room(index: number): string {
  return rooms[index] ?? assert.fail('there is no such room');
}

test('messages, of any kind and of one user', async () => {
  const send = (user: TestUser, name: string): Promise<Response> =>
    user.request('PUT', base + pathOf`/rooms/${room(0)}/send/m.room.message/${name}`, {
      body: { msgtype: 'm.text', body: name },
    });
  assert.equal((await send(alice, '1')).status, 200);
  assert.equal((await send(alice, '2')).status, 200);
  assertLimited(await send(alice, '3'));
  const state = base + pathOf`/rooms/${room(0)}/state/m.room.name/`;
  assertLimited(await alice.request('PUT', state, { body: { name: 'new' } }));
  // It counts by user: bob is told that he is no member.
  assert.equal((await send(bob, '1')).status, 403);
});

test('joins', async () => {
  await joinRoom(bob, room(0));
  await joinRoom(bob, room(1));
  const path = base + pathOf`/join/${room(2)}`;
  assertLimited(await bob.request('POST', path, { body: {} }));
});

test('rooms made', async () => {
  assertLimited(await alice.request('POST', `${base}/createRoom`, { body: {} }));
});

test('invites of one user', async () => {
  const invite = (index: number): Promise<Response> =>
    alice.request('POST', base + pathOf`/rooms/${room(index)}/invite`, {
      body: { user_id: '@carol:soma.test' },
    });
  await invite(0);
  assertLimited(await invite(1));
});

test('registrations from one address', async () => {
  await registerUser(server, 'carol');
  const body = { username: 'dave', password: testPassword };
  assertLimited(await api(server.url).request('POST', `${base}/register`, { body }));
});

test('failed logins, and logins, to one account and from one address', async () => {
  const logIn = (user: string, password: string): Promise<Response> =>
    api(server.url).request('POST', `${base}/login`, {
      body: { type: 'm.login.password', identifier: { type: 'm.id.user', user }, password },
    });
  assert.equal((await logIn('alice', 'wrong')).status, 403);
  assert.equal((await logIn('alice', 'wrong')).status, 403);
  assertLimited(await logIn('alice', testPassword));
  assertLimited(await logIn('bob', testPassword));
});
