import assert from 'node:assert/strict';

import { createRoom, inviteUser, sendState, type TestUser } from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { ok, readContent, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';

/** Type and state key of what an invitation shows of the room, sorted. */
async function shownTo(user: TestUser, roomId: string): Promise<string[]> {
  const body = await ok(user, 'GET', `${v3}/sync`);
  return listAt(body, 'rooms', 'invite', roomId, 'invite_state', 'events')
    .map((event) => `${String(valueAt(event, 'type'))} ${String(valueAt(event, 'state_key'))}`)
    .toSorted();
}

const adorned = serverTests({
  room_prejoin_state: {
    additional_event_types: ['org.example.theme', ['org.example.banner', 'small']],
  },
  auto_accept_invites: { enabled: true, only_for_direct_messages: true },
});

adorned('an operator may show more of a room to who is invited', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await createRoom(alice, { name: 'Lab' });
  await sendState(alice, roomId, 'org.example.theme', 'dark', { colour: 'black' });
  await sendState(alice, roomId, 'org.example.theme', 'light', { colour: 'white' });
  await sendState(alice, roomId, 'org.example.banner', 'small', { url: 'a' });
  await sendState(alice, roomId, 'org.example.banner', 'large', { url: 'b' });
  await inviteUser(alice, roomId, bob.userId);
  assert.deepEqual(await shownTo(bob, roomId), [
    'm.room.create ',
    'm.room.join_rules ',
    `m.room.member ${alice.userId}`,
    `m.room.member ${bob.userId}`,
    'm.room.name ',
    'org.example.banner small',
    'org.example.theme dark',
    'org.example.theme light',
  ]);
});

const plain = serverTests({ room_prejoin_state: { disable_default_event_types: true } });

plain('an operator may show nothing but that there is a room', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await createRoom(alice, { name: 'Lab', invite: [bob.userId] });
  const members = [alice.userId, bob.userId].map((userId) => `m.room.member ${userId}`);
  assert.deepEqual(await shownTo(bob, roomId), ['m.room.create ', ...members]);
});

/** Waits until the user is in the room. */
async function untilJoined(user: TestUser, roomId: string): Promise<void> {
  for (;;) {
    const body = await ok(user, 'GET', `${v3}/joined_rooms`);
    if (listAt(body, 'joined_rooms').includes(roomId)) return;
  }
}

const accepting = serverTests({ auto_accept_invites: { enabled: true } });

accepting('invitations are accepted for whom they are', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const direct = await createRoom(alice, { invite: [bob.userId], is_direct: true });
  await untilJoined(bob, direct);
  const data = `${v3}/user/${encodeURIComponent(bob.userId)}/account_data/m.direct`;
  let marked = (await bob.request('GET', data)).body;
  while (valueAt(marked, alice.userId) === undefined) {
    marked = (await bob.request('GET', data)).body;
  }
  assert.deepEqual(marked, { [alice.userId]: [direct] });
  const group = await createRoom(alice);
  await inviteUser(alice, group, bob.userId);
  await untilJoined(bob, group);
  assert.deepEqual((await bob.request('GET', data)).body, { [alice.userId]: [direct] });
});

adorned(
  'only invitations to direct chats are accepted where the operator says so',
  async (given) => {
    const [alice, bob] = [await given.newUser(), await given.newUser()];
    const group = await createRoom(alice, { invite: [bob.userId] });
    const direct = await createRoom(alice, { invite: [bob.userId], is_direct: true });
    await untilJoined(bob, direct);
    const member = await readContent(alice, group, 'm.room.member', bob.userId);
    assert.equal(valueAt(member, 'membership'), 'invite');
  },
);
