import assert from 'node:assert/strict';

import { api } from '../harness/api.ts';
import {
  createRoom,
  inviteUser,
  joinRoom,
  sendState,
  sendText,
  type TestUser,
} from '../harness/client.ts';
import { textAt, valueAt } from '../harness/json-path.ts';
import {
  act,
  ok,
  readContent,
  readMessages,
  refusal,
  refusedAct,
  roomPath,
  v3,
} from './requests.ts';
import { tell } from './seen-event.ts';
import { serverTests } from './server-test.ts';

const test = serverTests({ allow_guest_access: true });

async function registerGuest(url: string): Promise<TestUser> {
  const client = api(url);
  const { body } = await client.request('POST', `${v3}/register?kind=guest`, { body: {} });
  const token = textAt(body, 'access_token');
  return {
    userId: textAt(body, 'user_id'),
    accessToken: token,
    deviceId: textAt(body, 'device_id'),
    request: (method, path, options) => client.request(method, path, { token, ...options }),
  };
}

function room(owner: TestUser, guestAccess: string | undefined): Promise<string> {
  const content = guestAccess === undefined ? {} : { guest_access: guestAccess };
  return createRoom(owner, {
    preset: 'public_chat',
    initial_state: [{ type: 'm.room.guest_access', content }],
  });
}

test('guests join where the room lets guests in, and nowhere else', async (given) => {
  const alice = await given.user('alice');
  const guest = await registerGuest(given.server.url);
  for (const access of ['forbidden', undefined, 'anything']) {
    const closed = await room(alice, access);
    assert.equal(await refusedAct(guest, closed, 'join'), '403 M_GUEST_ACCESS_FORBIDDEN');
    await inviteUser(alice, closed, guest.userId);
    assert.equal(await refusedAct(guest, closed, 'join'), '403 M_GUEST_ACCESS_FORBIDDEN');
    const path = roomPath(closed, 'state', 'm.room.member', guest.userId);
    const body = { membership: 'join' };
    assert.equal(await refusal(guest, 'PUT', path, { body }), '403 M_GUEST_ACCESS_FORBIDDEN');
  }
  const open = await room(alice, 'can_join');
  await joinRoom(guest, open);
  await sendText(guest, open, 'hello from a guest');
  assert.equal(
    await refusal(guest, 'POST', `${v3}/createRoom`, { body: {} }),
    '403 M_GUEST_ACCESS_FORBIDDEN',
  );
  assert.equal(
    await refusal(guest, 'POST', `${v3}/knock/${encodeURIComponent(open)}`, { body: {} }),
    '403 M_GUEST_ACCESS_FORBIDDEN',
  );
});

test('guests leave, in the same breath, when the room no longer lets guests in', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.user('bob');
  const guest = await registerGuest(given.server.url);
  const roomId = await room(alice, 'can_join');
  for (const user of [bob, guest]) await joinRoom(user, roomId);
  await sendState(alice, roomId, 'm.room.guest_access', '', { guest_access: 'can_join', more: 1 });
  const membershipOf = async (user: TestUser): Promise<unknown> =>
    valueAt(await readContent(alice, roomId, 'm.room.member', user.userId), 'membership');
  assert.equal(await membershipOf(guest), 'join');
  await sendState(alice, roomId, 'm.room.guest_access', '', { guest_access: 'forbidden' });
  assert.equal(await membershipOf(guest), 'leave');
  assert.equal(await membershipOf(bob), 'join');
  assert.equal(await membershipOf(alice), 'join');
  const path = roomPath(roomId, 'state', 'm.room.guest_access');
  const body = { guest_access: 'can_join' };
  assert.equal(await refusal(bob, 'PUT', path, { body }), '403 M_FORBIDDEN');
});

test('guests and strangers read what the world may read, and what came before it they do not', async (given) => {
  const alice = await given.user('alice');
  const guest = await registerGuest(given.server.url);
  const stranger = await given.newUser();
  const roomId = await createRoom(alice, { name: 'Open to the world' });
  await sendText(alice, roomId, 'before');
  assert.equal(await refusal(guest, 'GET', roomPath(roomId, 'messages')), '403 M_FORBIDDEN');
  const content = { history_visibility: 'world_readable' };
  await sendState(alice, roomId, 'm.room.history_visibility', '', content);
  const eventId = await sendText(alice, roomId, 'after');
  for (const reader of [guest, stranger]) {
    const { events } = await readMessages(reader, roomId, { dir: 'f', limit: 50 });
    assert.deepEqual(tell(events), ['m.room.history_visibility', 'after']);
    assert.deepEqual(await readContent(reader, roomId, 'm.room.name'), {
      name: 'Open to the world',
    });
    for (const part of [['state'], ['members'], ['event', eventId], ['context', eventId]]) {
      await ok(reader, 'GET', roomPath(roomId, ...part));
    }
  }
  const joined = roomPath(roomId, 'joined_members');
  assert.equal(await refusal(stranger, 'GET', joined), '403 M_FORBIDDEN');
  await act(alice, roomId, 'leave');
  await ok(stranger, 'GET', roomPath(roomId, 'state'));
});
