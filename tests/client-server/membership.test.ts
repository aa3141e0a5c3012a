import assert from 'node:assert/strict';

import {
  createRoom,
  inviteUser,
  joinRoom,
  sendState,
  sendText,
  type TestUser,
} from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';
import { act, ok, readContent, refusal, refusedAct, roomPath, v3 } from './requests.ts';
import { find, tell } from './seen-event.ts';
import { serverTests } from './server-test.ts';
import { expectJoined, expectLeft, sync } from './sync-view.ts';

const test = serverTests();

async function membershipOf(reader: TestUser, roomId: string, userId: string): Promise<unknown> {
  return valueAt(await readContent(reader, roomId, 'm.room.member', userId), 'membership');
}

async function joinedRooms(user: TestUser): Promise<unknown> {
  return valueAt(await ok(user, 'GET', `${v3}/joined_rooms`), 'joined_rooms');
}

test('an invitation is followed into the room, and all see it', async (given) => {
  const alice = await given.newUser();
  const bob = await given.newUser();
  const roomId = await createRoom(alice, { name: 'Den' });
  const before = { alice: await sync(alice), bob: await sync(bob) };

  await act(alice, roomId, 'invite', { user_id: bob.userId, reason: 'company' });
  const invited = await sync(bob, { since: before.bob.nextBatch });
  assert.deepEqual(invited.rooms('join'), []);
  const stripped = invited.invited(roomId) ?? [];
  const own = find(stripped, 'm.room.member', bob.userId);
  assert.deepEqual(own?.content, {
    membership: 'invite',
    reason: 'company',
    displayname: valueAt(own, 'content', 'displayname'),
  });
  assert.deepEqual(find(stripped, 'm.room.name')?.content, { name: 'Den' });
  assert.deepEqual(await joinedRooms(bob), []);

  await act(bob, roomId, 'join', { reason: 'why not' });
  const joined = await sync(bob, { since: invited.nextBatch });
  assert.deepEqual(joined.rooms('invite'), []);
  const { timeline } = expectJoined(joined, roomId);
  assert.equal(valueAt(timeline.at(-1), 'content', 'reason'), 'why not');
  assert.deepEqual(await joinedRooms(bob), [roomId]);

  const seen = expectJoined(await sync(alice, { since: before.alice.nextBatch }), roomId);
  assert.deepEqual(
    seen.timeline.map(({ stateKey, content }) => [stateKey, valueAt(content, 'membership')]),
    [
      [bob.userId, 'invite'],
      [bob.userId, 'join'],
    ],
  );
});

test('what is so already is not said again', async (given) => {
  const alice = await given.newUser();
  const bob = await given.user('bob');
  const roomId = await createRoom(alice);
  const { nextBatch } = await sync(alice);
  await act(alice, roomId, 'join');
  await inviteUser(alice, roomId, bob.userId);
  await inviteUser(alice, roomId, bob.userId);
  await joinRoom(bob, roomId);
  await joinRoom(bob, roomId);
  await act(bob, roomId, 'leave');
  await act(bob, roomId, 'leave');
  const { timeline } = expectJoined(await sync(alice, { since: nextBatch }), roomId);
  assert.deepEqual(
    timeline.map(({ content }) => valueAt(content, 'membership')),
    ['invite', 'join', 'leave'],
  );
});

test('who is not invited does not come into a private room, into a public one anybody does', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.user('bob');
  const closed = await createRoom(alice);
  assert.equal(await refusedAct(bob, closed, 'join'), '403 M_FORBIDDEN');
  assert.equal(await refusedAct(bob, closed, 'leave'), '403 M_FORBIDDEN');
  assert.equal(
    await refusal(bob, 'POST', `${v3}/join/${encodeURIComponent(closed)}`),
    '403 M_FORBIDDEN',
  );

  const open = await createRoom(alice, { preset: 'public_chat' });
  assert.equal(await joinRoom(bob, open), open);
  await sendState(alice, open, 'm.room.join_rules', '', { join_rule: 'invite' });
  const carol = await given.user('carol');
  assert.equal(await refusedAct(carol, open, 'join'), '403 M_FORBIDDEN');
  await act(bob, open, 'leave');
  assert.equal(await refusedAct(bob, open, 'join'), '403 M_FORBIDDEN');
});

test('rooms, users and words that do not exist are refused', async (given) => {
  const alice = await given.user('alice');
  const roomId = await createRoom(alice);
  const unknown = '!unheard:soma.test';
  for (const action of ['join', 'leave']) {
    assert.match(await refusedAct(alice, unknown, action), /^40[34] M_(NOT_FOUND|FORBIDDEN)$/);
  }
  const joinPath = (text: string): string => `${v3}/join/${encodeURIComponent(text)}`;
  assert.equal(await refusal(alice, 'POST', joinPath('nonsense')), '400 M_INVALID_PARAM');
  assert.equal(await refusal(alice, 'POST', joinPath('#none:soma.test')), '404 M_NOT_FOUND');
  for (const action of ['invite', 'kick', 'ban', 'unban']) {
    const bad = { user_id: 'nobody' };
    assert.equal(await refusedAct(alice, roomId, action, bad), '400 M_INVALID_PARAM', action);
    assert.equal(await refusedAct(alice, roomId, action, {}), '400 M_MISSING_PARAM', action);
  }
  const memberPath = roomPath(roomId, 'state', 'm.room.member', alice.userId);
  const odd = { body: { membership: 'owner' } };
  assert.match(await refusal(alice, 'PUT', memberPath, odd), /^400 M_/);
});

test('a rejected invitation is over for both sides, and shows nothing of the room', async (given) => {
  const alice = await given.newUser();
  const bob = await given.newUser();
  const roomId = await createRoom(alice, { name: 'Plans' });
  await inviteUser(alice, roomId, bob.userId);
  const before = { alice: await sync(alice), bob: await sync(bob) };
  await sendState(alice, roomId, 'm.room.topic', '', { topic: 'not for Bob' });
  await sendText(alice, roomId, 'nor this');
  await act(bob, roomId, 'leave', { reason: 'no, thanks' });

  const after = await sync(bob, { since: before.bob.nextBatch });
  assert.deepEqual([after.rooms('invite'), after.rooms('join')], [[], []]);
  const left = expectLeft(after, roomId);
  const told = [...left.timeline, ...left.state];
  assert.deepEqual(
    told.filter(({ stateKey }) => stateKey !== bob.userId),
    [],
  );
  const { timeline } = expectJoined(await sync(alice, { since: before.alice.nextBatch }), roomId);
  assert.deepEqual(valueAt(timeline.at(-1), 'content', 'reason'), 'no, thanks');

  const fresh = await sync(bob, { filter: { room: { include_leave: true } } });
  const again = fresh.left(roomId);
  const toldAgain = [...(again?.timeline ?? []), ...(again?.state ?? [])];
  assert.deepEqual(
    toldAgain.filter(({ stateKey }) => stateKey !== bob.userId),
    [],
  );
  assert.equal(await refusal(bob, 'GET', roomPath(roomId, 'state')), '403 M_FORBIDDEN');
  assert.equal(await refusal(bob, 'GET', roomPath(roomId, 'messages')), '403 M_FORBIDDEN');
});

test('a withdrawn invitation is over', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  const roomId = await createRoom(alice, { invite: [bob.userId] });
  const { nextBatch } = await sync(bob);
  await act(alice, roomId, 'kick', { user_id: bob.userId, reason: 'a mistake' });
  const view = await sync(bob, { since: nextBatch });
  assert.deepEqual([view.rooms('invite'), view.rooms('leave')], [[], [roomId]]);
  assert.equal(await refusedAct(bob, roomId, 'join'), '403 M_FORBIDDEN');
});

test('who is kicked sees the reason and nothing after it, and may come back', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId);
  const { nextBatch } = await sync(bob);
  await sendText(alice, roomId, 'before');
  await act(alice, roomId, 'kick', { user_id: bob.userId, reason: 'noise' });
  await sendText(alice, roomId, 'after');

  const view = await sync(bob, { since: nextBatch });
  assert.deepEqual(view.rooms('join'), []);
  const { timeline } = expectLeft(view, roomId);
  assert.deepEqual(tell(timeline), ['before', 'm.room.member']);
  const kick = timeline.at(-1);
  assert.equal(kick?.sender, alice.userId);
  assert.equal(valueAt(kick, 'content', 'membership'), 'leave');
  assert.equal(valueAt(kick, 'content', 'reason'), 'noise');
  assert.deepEqual((await sync(bob, { since: view.nextBatch })).rooms('leave'), []);
  await joinRoom(bob, roomId);
  const back = expectJoined(await sync(bob, { since: view.nextBatch }), roomId);
  assert.ok(tell(back.timeline).includes('after'));
});

test('who is banned stays out until the ban is lifted', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId);
  const { nextBatch } = await sync(bob);
  const target = { user_id: bob.userId };
  await act(alice, roomId, 'ban', { ...target, reason: 'spam' });
  const view = await sync(bob, { since: nextBatch });
  const last = expectLeft(view, roomId).timeline.at(-1);
  assert.deepEqual(
    [valueAt(last, 'content', 'membership'), valueAt(last, 'content', 'reason')],
    ['ban', 'spam'],
  );
  assert.equal(await refusedAct(bob, roomId, 'join'), '403 M_FORBIDDEN');
  assert.equal(await refusedAct(alice, roomId, 'invite', target), '403 M_FORBIDDEN');
  assert.equal(await refusedAct(alice, roomId, 'kick', target), '403 M_FORBIDDEN');
  assert.equal(await refusedAct(bob, roomId, 'leave'), '403 M_FORBIDDEN');
  await act(alice, roomId, 'unban', target);
  assert.equal(await membershipOf(alice, roomId, bob.userId), 'leave');
  assert.equal(await refusedAct(alice, roomId, 'unban', target), '403 M_BAD_STATE');
  await joinRoom(bob, roomId);
  assert.equal(await membershipOf(alice, roomId, bob.userId), 'join');
});

test('a ban also comes before the first join', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await act(alice, roomId, 'ban', { user_id: bob.userId });
  assert.equal(await refusedAct(bob, roomId, 'join'), '403 M_FORBIDDEN');
});

test('power decides who removes whom', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.user('bob');
  const carol = await given.user('carol');
  const roomId = await createRoom(alice, { preset: 'public_chat', room_version: '11' });
  await joinRoom(bob, roomId);
  await joinRoom(carol, roomId);
  for (const action of ['kick', 'ban', 'unban']) {
    assert.match(await refusedAct(bob, roomId, action, { user_id: carol.userId }), /^40[03] M_/);
  }
  const dora = await given.user('dora');
  assert.equal(await refusedAct(dora, roomId, 'kick', { user_id: bob.userId }), '403 M_FORBIDDEN');
  assert.equal(
    await refusedAct(dora, roomId, 'invite', { user_id: bob.userId }),
    '403 M_FORBIDDEN',
  );
  assert.equal(
    await refusedAct(bob, roomId, 'invite', { user_id: dora.userId }),
    '403 M_FORBIDDEN',
  );
  assert.equal(
    await refusedAct(alice, roomId, 'invite', { user_id: bob.userId }),
    '403 M_FORBIDDEN',
  );
  const users = { [alice.userId]: 100, [bob.userId]: 50, [carol.userId]: 50 };
  await sendState(alice, roomId, 'm.room.power_levels', '', { users });
  assert.equal(await refusedAct(bob, roomId, 'kick', { user_id: carol.userId }), '403 M_FORBIDDEN');
  assert.equal(await refusedAct(bob, roomId, 'ban', { user_id: alice.userId }), '403 M_FORBIDDEN');
  await act(alice, roomId, 'kick', { user_id: carol.userId });
  assert.equal(await membershipOf(alice, roomId, carol.userId), 'leave');
});

test('memberships may be set as state, under the same rules', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.user('bob');
  const roomId = await createRoom(alice);
  const put = (user: TestUser, target: TestUser, membership: string): Promise<string> =>
    refusal(user, 'PUT', roomPath(roomId, 'state', 'm.room.member', target.userId), {
      body: { membership, 'org.example.extra': 1 },
    });
  assert.equal(await put(bob, bob, 'join'), '403 M_FORBIDDEN');
  assert.equal(await put(alice, bob, 'join'), '403 M_FORBIDDEN');
  assert.equal(await put(alice, bob, 'invite'), '200');
  assert.equal(await put(bob, bob, 'join'), '200');
  const content = await readContent(alice, roomId, 'm.room.member', bob.userId);
  assert.equal(valueAt(content, 'org.example.extra'), 1);
  assert.equal(await put(bob, alice, 'leave'), '403 M_FORBIDDEN');
  assert.equal(await put(alice, bob, 'ban'), '200');
  assert.equal(await put(alice, bob, 'leave'), '200');
  assert.equal(await membershipOf(alice, roomId, bob.userId), 'leave');
});
