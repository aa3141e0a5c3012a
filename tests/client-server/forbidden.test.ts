import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { pathOf, type RequestOptions, type Response } from '../harness/api.ts';
import {
  createRoom,
  inviteUser,
  joinRoom,
  registerUser,
  sendText,
  type TestUser,
} from '../harness/client.ts';
import { startHomeserver, type TestHomeserver } from '../harness/homeserver-process.ts';
import { textAt, valueAt } from '../harness/json-path.ts';

const base = '/_matrix/client/v3';

let server: TestHomeserver;
let alice: TestUser;
let bob: TestUser;
/** Alice's, private; bob is no member. */
let roomId: string;
let eventId: string;

before(async () => {
  server = await startHomeserver();
  [alice, bob] = await Promise.all([registerUser(server, 'alice'), registerUser(server, 'bob')]);
  roomId = await createRoom(alice);
  eventId = await sendText(alice, roomId, 'secret');
});
after(() => server.dispose());

function assertRefusal({ status, body }: Response, wanted: number, errcode: string): void {
  assert.deepEqual([status, valueAt(body, 'errcode')], [wanted, errcode], JSON.stringify(body));
}

type Request = readonly [method: string, path: string, options?: RequestOptions];

async function assertForbidden(user: TestUser, requests: readonly Request[]): Promise<void> {
  for (const [method, path, options] of requests) {
    assertRefusal(await user.request(method, base + path, options), 403, 'M_FORBIDDEN');
  }
}

/** What only members may do. */
function memberRequests(room: string, event: string): Request[] {
  const body = { msgtype: 'm.text', body: 'hello' };
  return [
    ['PUT', pathOf`/rooms/${room}/send/m.room.message/1`, { body }],
    ['PUT', pathOf`/rooms/${room}/state/m.room.topic/`, { body: { topic: 'mine' } }],
    ['PUT', pathOf`/rooms/${room}/redact/${event}/2`, { body: {} }],
    ['GET', pathOf`/rooms/${room}/state`],
    ['GET', pathOf`/rooms/${room}/state/m.room.create/`],
    ['GET', pathOf`/rooms/${room}/members`],
    ['GET', pathOf`/rooms/${room}/joined_members`],
    ['GET', pathOf`/rooms/${room}/messages`, { query: { dir: 'b' } }],
    ['POST', pathOf`/rooms/${room}/invite`, { body: { user_id: bob.userId } }],
    ['POST', pathOf`/rooms/${room}/kick`, { body: { user_id: alice.userId } }],
    ['POST', pathOf`/rooms/${room}/ban`, { body: { user_id: alice.userId } }],
    ['PUT', pathOf`/rooms/${room}/typing/${bob.userId}`, { body: { typing: true } }],
  ];
}

test('a room that one is not in gives nothing away and takes nothing', async () => {
  await assertForbidden(bob, memberRequests(roomId, eventId));
  assertRefusal(
    await bob.request('GET', base + pathOf`/rooms/${roomId}/event/${eventId}`),
    404,
    'M_NOT_FOUND',
  );
  await assertForbidden(bob, [['POST', pathOf`/join/${roomId}`, { body: {} }]]);
});

test('a room that does not exist is refused like one that one is not in', async () => {
  const path = base + pathOf`/rooms/${'!nowhere:soma.test'}/send/m.room.message/1`;
  assertRefusal(await bob.request('PUT', path, { body: {} }), 403, 'M_FORBIDDEN');
});

test('who is banned may neither join, nor be invited, nor send', async () => {
  const room = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, room);
  const ban = base + pathOf`/rooms/${room}/ban`;
  const { status } = await alice.request('POST', ban, { body: { user_id: bob.userId } });
  assert.equal(status, 200);
  await assertForbidden(bob, [
    ['POST', pathOf`/rooms/${room}/join`, { body: {} }],
    ['PUT', pathOf`/rooms/${room}/send/m.room.message/1`, { body: { body: 'hello' } }],
  ]);
  await assertForbidden(alice, [
    ['POST', pathOf`/rooms/${room}/invite`, { body: { user_id: bob.userId } }],
  ]);
});

test('who is invited may join, and before that read no history and send nothing', async () => {
  const room = await createRoom(alice);
  const event = await sendText(alice, room, 'before');
  await inviteUser(alice, room, bob.userId);
  await assertForbidden(bob, memberRequests(room, event).slice(0, 8));
  await joinRoom(bob, room);
});

test('a member without the power level may not moderate, nor set state', async () => {
  const room = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, room);
  const levels = { users: { [bob.userId]: 100 } };
  await assertForbidden(bob, [
    ['POST', pathOf`/rooms/${room}/kick`, { body: { user_id: alice.userId } }],
    ['POST', pathOf`/rooms/${room}/ban`, { body: { user_id: alice.userId } }],
    ['PUT', pathOf`/rooms/${room}/state/m.room.name/`, { body: { name: 'mine' } }],
    ['PUT', pathOf`/rooms/${room}/state/m.room.power_levels/`, { body: levels }],
    ['PUT', pathOf`/rooms/${room}/state/m.room.create/`, { body: {} }],
  ]);
});

test('what belongs to another user is refused', async () => {
  const { userId } = alice;
  await assertForbidden(bob, [
    ['POST', pathOf`/user/${userId}/filter`, { body: {} }],
    ['GET', pathOf`/user/${userId}/filter/0`],
    ['GET', pathOf`/user/${userId}/account_data/m.direct`],
    ['PUT', pathOf`/user/${userId}/account_data/m.direct`, { body: {} }],
    ['GET', pathOf`/user/${userId}/rooms/${roomId}/account_data/m.tag`],
    ['PUT', pathOf`/user/${userId}/rooms/${roomId}/account_data/m.tag`, { body: {} }],
    ['PUT', pathOf`/profile/${userId}/displayname`, { body: { displayname: 'mine' } }],
    ['PUT', pathOf`/profile/${userId}/avatar_url`, { body: { avatar_url: 'mxc://a/b' } }],
    ['PUT', pathOf`/rooms/${roomId}/typing/${userId}`, { body: { typing: true } }],
  ]);
});

describe('what is too large or too long', () => {
  const long = 'x'.repeat(300);

  test('an event above 64 KiB, a body above the limit', async () => {
    const path = base + pathOf`/rooms/${roomId}/send/m.room.message/large`;
    const event = { msgtype: 'm.text', body: 'x'.repeat(65_536) };
    assertRefusal(await alice.request('PUT', path, { body: event }), 413, 'M_TOO_LARGE');
    const body = { body: 'x'.repeat(14 * 1024 * 1024) };
    assertRefusal(await alice.request('PUT', path, { body }), 413, 'M_TOO_LARGE');
    await sendText(alice, roomId, 'x'.repeat(60_000));
  });

  test('a type, a state key, a transaction ID', async () => {
    const body = {};
    const put = (path: string): Promise<Response> => alice.request('PUT', base + path, { body });
    const room = pathOf`/rooms/${roomId}`;
    assertRefusal(await put(`${room}/send/${long}/1`), 413, 'M_TOO_LARGE');
    assertRefusal(await put(`${room}/state/${long}`), 413, 'M_TOO_LARGE');
    assertRefusal(await put(`${room}/state/test.key/${long}`), 413, 'M_TOO_LARGE');
    assertRefusal(await put(`${room}/send/m.room.message/${long}`), 400, 'M_INVALID_PARAM');
    const longest = 'x'.repeat(255);
    assert.equal((await put(`${room}/send/m.room.message/${longest}`)).status, 200);
    assert.equal((await put(`${room}/state/${longest}/${longest}`)).status, 200);
  });

  test('a push rule for a room whose ID is none is kept, and concerns no room', async () => {
    const path = base + pathOf`/pushrules/global/room/${`!${'y'.repeat(5_000)}`}`;
    const { status } = await alice.request('PUT', path, { body: { actions: [] } });
    assert.equal(status, 200);
    const { body } = await alice.request('GET', path);
    assert.equal(valueAt(body, 'enabled'), true);
    assert.equal((await alice.request('DELETE', path)).status, 200);
  });
});

test('an error tells a member’s client what it needs, and nothing of the server', async () => {
  const { body } = await bob.request('GET', base + pathOf`/rooms/${roomId}/state`);
  assert.deepEqual(Object.keys(body ?? {}).sort(), ['errcode', 'error']);
  assert.doesNotMatch(textAt(body, 'error'), /\/|\.ts|select/);
});
