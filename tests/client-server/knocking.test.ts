import assert from 'node:assert/strict';

import { createRoom, inviteUser, joinRoom, type TestUser } from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';
import { act, ok, readContent, refusal, refusedAct, roomPath, v3 } from './requests.ts';
import { find } from './seen-event.ts';
import { serverTests } from './server-test.ts';
import { sync } from './sync-view.ts';

const test = serverTests();

function knockPath(room: string): string {
  return `${v3}/knock/${encodeURIComponent(room)}`;
}

function knock(user: TestUser, room: string, body: object = {}): Promise<string> {
  return refusal(user, 'POST', `${knockPath(room)}?via=soma.test`, { body });
}

function knockable(user: TestUser, body: object = {}, joinRule = 'knock'): Promise<string> {
  const initial_state = [{ type: 'm.room.join_rules', content: { join_rule: joinRule } }];
  return createRoom(user, { name: 'Behind the door', initial_state, ...body });
}

async function membershipOf(user: TestUser, roomId: string, target: TestUser): Promise<unknown> {
  return valueAt(await readContent(user, roomId, 'm.room.member', target.userId), 'membership');
}

test('a knock is seen by both sides and opened by an invitation', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  const roomId = await knockable(alice, { room_alias_name: 'door' });
  const alias = `#door:${alice.userId.slice(alice.userId.indexOf(':') + 1)}`;
  const answer = await ok(bob, 'POST', knockPath(alias), { body: { reason: 'let me in' } });
  assert.deepEqual(answer, { room_id: roomId });
  const view = await sync(bob);
  const state = view.knocked(roomId) ?? [];
  assert.deepEqual(find(state, 'm.room.name')?.content, { name: 'Behind the door' });
  assert.ok(find(state, 'm.room.create'));
  assert.equal(state.filter(({ type }) => type === 'm.room.member').length, 1);
  const own = find(state, 'm.room.member', bob.userId)?.content;
  assert.equal(valueAt(own, 'membership'), 'knock');
  const seen = await readContent(alice, roomId, 'm.room.member', bob.userId);
  assert.equal(valueAt(seen, 'reason'), 'let me in');
  assert.equal(await refusedAct(bob, roomId, 'join'), '403 M_FORBIDDEN');
  await inviteUser(alice, roomId, bob.userId);
  assert.deepEqual((await sync(bob, { since: view.nextBatch })).rooms('invite'), [roomId]);
  await joinRoom(bob, roomId);
  assert.equal(await membershipOf(alice, roomId, bob), 'join');
});

test('a knock is repeated in peace, taken back, refused, and ended by a ban', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  const roomId = await knockable(alice);
  assert.equal(await knock(bob, roomId), '200');
  assert.equal(await knock(bob, roomId), '200');
  await act(bob, roomId, 'leave');
  assert.equal(await membershipOf(alice, roomId, bob), 'leave');
  assert.equal(await knock(bob, roomId), '200');
  await act(alice, roomId, 'kick', { user_id: bob.userId, reason: 'not today' });
  assert.equal(await membershipOf(alice, roomId, bob), 'leave');
  assert.equal(await knock(bob, roomId), '200');
  await act(alice, roomId, 'ban', { user_id: bob.userId });
  assert.equal(await membershipOf(alice, roomId, bob), 'ban');
  assert.equal(await knock(bob, roomId), '403 M_FORBIDDEN');
});

test('nobody knocks at open doors, from inside, or where the version or rule does not know it', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  assert.equal(await knock(bob, await createRoom(alice)), '403 M_FORBIDDEN');
  assert.equal(
    await knock(bob, await createRoom(alice, { preset: 'public_chat' })),
    '403 M_FORBIDDEN',
  );
  const roomId = await knockable(alice);
  assert.equal(await knock(alice, roomId), '403 M_FORBIDDEN');
  await inviteUser(alice, roomId, bob.userId);
  assert.equal(await knock(bob, roomId), '403 M_FORBIDDEN');
  const old = await knockable(alice, { room_version: '6' });
  assert.equal(await knock(bob, old), '403 M_FORBIDDEN');
  assert.equal(await knock(bob, '!nowhere:soma.test'), '404 M_NOT_FOUND');
  assert.equal(await knock(bob, '#nowhere:soma.test'), '404 M_NOT_FOUND');
  assert.equal(await knock(bob, 'neither'), '400 M_INVALID_PARAM');
});

test('with knock_restricted who is in an allowed room joins, and everyone else knocks', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  const carol = await given.newUser();
  const club = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(carol, club);
  const roomId = await createRoom(alice, {
    initial_state: [
      {
        type: 'm.room.join_rules',
        content: {
          join_rule: 'knock_restricted',
          allow: [{ type: 'm.room_membership', room_id: club }],
        },
      },
    ],
  });
  assert.equal(await refusedAct(bob, roomId, 'join'), '403 M_FORBIDDEN');
  assert.equal(await knock(bob, roomId), '200');
  await joinRoom(carol, roomId);
  assert.equal(await membershipOf(alice, roomId, carol), 'join');
});

test('a knock through the state endpoint is the same', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  const roomId = await knockable(alice);
  const path = roomPath(roomId, 'state', 'm.room.member', bob.userId);
  assert.equal(await refusal(bob, 'PUT', path, { body: { membership: 'knock' } }), '200');
  assert.equal(await membershipOf(alice, roomId, bob), 'knock');
});
