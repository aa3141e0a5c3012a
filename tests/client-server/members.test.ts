import assert from 'node:assert/strict';

import { createRoom, inviteUser, joinRoom, sendText, type TestUser } from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { act, ok, readMessages, refusal, roomPath, v3 } from './requests.ts';
import { eventsFrom, memberIds } from './seen-event.ts';
import { serverTests } from './server-test.ts';
import { sync } from './sync-view.ts';

const test = serverTests();

async function members(
  user: TestUser,
  roomId: string,
  query: Readonly<Record<string, string>> = {},
): Promise<unknown[]> {
  const body = await ok(user, 'GET', roomPath(roomId, 'members'), { query });
  return memberIds(eventsFrom(listAt(body, 'chunk')));
}

interface Cast {
  readonly roomId: string;
  readonly alice: TestUser;
  readonly bob: TestUser;
  readonly carol: TestUser;
  readonly dora: TestUser;
}

/** Alice is joined, Bob invited, Carol has left and Dora is banned. */
async function setUp(user: (name: string) => Promise<TestUser>): Promise<Cast> {
  const [alice, bob] = [await user('alice'), await user('bob')];
  const [carol, dora] = [await user('carol'), await user('dora')];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await inviteUser(alice, roomId, bob.userId);
  await joinRoom(carol, roomId);
  await act(carol, roomId, 'leave');
  await act(alice, roomId, 'ban', { user_id: dora.userId });
  return { roomId, alice, bob, carol, dora };
}

test('members are listed with every membership, or those asked for', async (given) => {
  const { roomId, alice, bob, carol, dora } = await setUp(given.user);
  const all = [alice, bob, carol, dora].map(({ userId }) => userId);
  assert.deepEqual(await members(alice, roomId), all);
  const table = [
    ['join', alice],
    ['invite', bob],
    ['leave', carol],
    ['ban', dora],
  ] as const;
  for (const [membership, { userId }] of table) {
    assert.deepEqual(await members(alice, roomId, { membership }), [userId]);
    assert.deepEqual(
      await members(alice, roomId, { not_membership: membership }),
      all.filter((other) => other !== userId),
    );
  }
});

test('members are listed as they were at a token of sync or of history', async (given) => {
  const { roomId, alice, bob, carol, dora } = await setUp(given.user);
  const { nextBatch } = await sync(alice);
  await sendText(alice, roomId, 'then');
  const { start, events } = await readMessages(alice, roomId, { limit: 1 });
  assert.equal(events.length, 1);
  await joinRoom(bob, roomId);
  await joinRoom(carol, roomId);
  for (const at of [nextBatch, String(start)]) {
    const joined = await members(alice, roomId, { at, membership: 'join' });
    assert.deepEqual(joined, [alice.userId], at);
    assert.deepEqual(await members(alice, roomId, { at, membership: 'invite' }), [bob.userId]);
    assert.deepEqual(await members(alice, roomId, { at, membership: 'ban' }), [dora.userId]);
  }
  const now = await members(alice, roomId, { membership: 'join' });
  assert.deepEqual(now, [alice.userId, bob.userId, carol.userId]);
});

test('joined members come with their profiles', async (given) => {
  const { alice, roomId, bob } = await setUp(given.user);
  const body = { body: { displayname: 'Alice ♥' } };
  await ok(alice, 'PUT', `${v3}/profile/${encodeURIComponent(alice.userId)}/displayname`, body);
  const answer = await ok(alice, 'GET', roomPath(roomId, 'joined_members'));
  assert.deepEqual(Object.keys(valueAt(answer, 'joined') ?? {}), [alice.userId]);
  assert.equal(valueAt(answer, 'joined', alice.userId, 'display_name'), 'Alice ♥');
  assert.equal(await refusal(bob, 'GET', roomPath(roomId, 'joined_members')), '403 M_FORBIDDEN');
});

test('strangers see no members, former members those of their time', async (given) => {
  const { roomId, alice, bob, carol, dora } = await setUp(given.user);
  const path = roomPath(roomId, 'members');
  assert.equal(await refusal(bob, 'GET', path), '403 M_FORBIDDEN');
  assert.equal(await refusal(dora, 'GET', path), '403 M_FORBIDDEN');
  const stranger = await given.user('stranger');
  assert.equal(await refusal(stranger, 'GET', path), '403 M_FORBIDDEN');
  await joinRoom(stranger, roomId);
  const then = [alice.userId, bob.userId, carol.userId];
  assert.deepEqual(await members(carol, roomId), then);
});

test('a token that is none is refused', async (given) => {
  const { roomId, alice } = await setUp(given.user);
  const query = { at: 'nonsense' };
  assert.equal(
    await refusal(alice, 'GET', roomPath(roomId, 'members'), { query }),
    '400 M_INVALID_PARAM',
  );
});
