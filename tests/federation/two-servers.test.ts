import assert from 'node:assert/strict';

import { pathOf } from '../harness/api.ts';
import {
  createRoom,
  inviteUser,
  joinRoom,
  registerUser,
  sendText,
  sync,
} from '../harness/client.ts';
import type { TestUser } from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { until } from '../harness/until.ts';
import { federationTests } from './federation-test.ts';

const test = federationTests();
const v3 = '/_matrix/client/v3';

/** Looks again and again until it holds: servers tell each other in the background. */
async function memberIds(user: TestUser, roomId: string): Promise<string[]> {
  const { body } = await user.request('GET', v3 + pathOf`/rooms/${roomId}/joined_members`);
  return Object.keys(valueAt(body, 'joined') ?? {}).toSorted();
}

async function membership(user: TestUser, roomId: string, userId: string): Promise<unknown> {
  const path = v3 + pathOf`/rooms/${roomId}/state/m.room.member/${userId}`;
  return valueAt((await user.request('GET', path)).body, 'membership');
}

async function hasRead(user: TestUser, roomId: string, text: string): Promise<boolean> {
  const path = v3 + pathOf`/rooms/${roomId}/messages`;
  const { body } = await user.request('GET', path, { query: { dir: 'b', limit: 20 } });
  return listAt(body, 'chunk').some((event) => valueAt(event, 'content', 'body') === text);
}

async function isInvited(user: TestUser, roomId: string): Promise<boolean> {
  return valueAt((await sync(user)).body, 'rooms', 'invite', roomId) !== undefined;
}

test('users of two servers meet in a room, by its alias', async ({ one, two }) => {
  const [alice, bob] = [await registerUser(one, 'meet-a'), await registerUser(two, 'meet-b')];
  const body = { room_alias_name: 'meeting', preset: 'public_chat' };
  const roomId = await createRoom(alice, body);
  assert.equal(await joinRoom(bob, `#meeting:${one.serverName}`), roomId);
  const both = [alice.userId, bob.userId].toSorted();
  assert.deepEqual(await memberIds(bob, roomId), both);
  assert.deepEqual(await memberIds(alice, roomId), both);
  await sendText(bob, roomId, 'hello from two');
  await until('the message of bob', () => hasRead(alice, roomId, 'hello from two'));
  await sendText(alice, roomId, 'hello from one');
  await until('the message of alice', () => hasRead(bob, roomId, 'hello from one'));
  // Everybody of the second server leaves, and comes back.
  await bob.request('POST', v3 + pathOf`/rooms/${roomId}/leave`);
  await until('the leave', async () => (await membership(alice, roomId, bob.userId)) === 'leave');
  await sendText(alice, roomId, 'while you were out');
  await joinRoom(bob, `#meeting:${one.serverName}`);
  assert.deepEqual(await memberIds(bob, roomId), both);
  await sendText(alice, roomId, 'welcome back');
  await until('what came after', () => hasRead(bob, roomId, 'welcome back'));
});

test('a user is invited to a direct chat on another server', async ({ one, two }) => {
  const [alice, bob] = [await registerUser(one, 'direct-a'), await registerUser(two, 'direct-b')];
  const roomId = await createRoom(alice, {
    invite: [bob.userId],
    is_direct: true,
    preset: 'trusted_private_chat',
  });
  const { body } = await sync(bob);
  const events = listAt(body, 'rooms', 'invite', roomId, 'invite_state', 'events');
  assert.equal(valueAt(events.at(-1), 'content', 'is_direct'), true);
  const path = v3 + pathOf`/rooms/${roomId}/join`;
  const joined = await bob.request('POST', path, { body: {} });
  assert.equal(joined.status, 200, JSON.stringify(joined.body));
  await sendText(bob, roomId, 'private');
  await until('the message', () => hasRead(alice, roomId, 'private'));
});

test('an invitation is rejected on the server of who invites', async ({ one, two }) => {
  const [alice, bob] = [await registerUser(one, 'reject-a'), await registerUser(two, 'reject-b')];
  const roomId = await createRoom(alice, {});
  await inviteUser(alice, roomId, bob.userId);
  assert.equal(await membership(alice, roomId, bob.userId), 'invite');
  assert.ok(await isInvited(bob, roomId));
  const left = await bob.request('POST', v3 + pathOf`/rooms/${roomId}/leave`);
  assert.equal(left.status, 200, JSON.stringify(left.body));
  assert.equal(await membership(alice, roomId, bob.userId), 'leave');
  assert.ok(!(await isInvited(bob, roomId)));
});

test('an invitation is taken back', async ({ one, two }) => {
  const [alice, bob] = [await registerUser(one, 'back-a'), await registerUser(two, 'back-b')];
  const roomId = await createRoom(alice, { invite: [bob.userId] });
  const { nextBatch } = await sync(bob);
  const body = { user_id: bob.userId };
  await alice.request('POST', v3 + pathOf`/rooms/${roomId}/kick`, { body });
  await until('the end of it', async () => !(await isInvited(bob, roomId)));
  const told = (await sync(bob, { since: nextBatch })).body;
  const [event] = listAt(told, 'rooms', 'leave', roomId, 'timeline', 'events');
  assert.equal(valueAt(event, 'sender'), alice.userId);
});

test('a knock is let in, and a restricted room lets in who is in the other room', async ({
  one,
  two,
}) => {
  const [alice, bob] = [await registerUser(one, 'doors-a'), await registerUser(two, 'doors-b')];
  const rules = (content: object) => [{ type: 'm.room.join_rules', state_key: '', content }];
  const closed = await createRoom(alice, { initial_state: rules({ join_rule: 'knock' }) });
  const via = { via: one.serverName };
  const knocked = await bob.request('POST', v3 + pathOf`/knock/${closed}`, {
    query: via,
    body: {},
  });
  assert.equal(knocked.status, 200, JSON.stringify(knocked.body));
  assert.equal(await membership(alice, closed, bob.userId), 'knock');
  await inviteUser(alice, closed, bob.userId);
  await until('the invitation', () => isInvited(bob, closed));
  assert.equal(
    (await bob.request('POST', v3 + pathOf`/join/${closed}`, { query: via })).status,
    200,
  );
  const allow = [{ type: 'm.room_membership', room_id: closed }];
  const initial_state = rules({ join_rule: 'restricted', allow });
  const inner = await createRoom(alice, { initial_state });
  const carol = await registerUser(two, 'doors-c');
  const refused = await carol.request('POST', v3 + pathOf`/join/${inner}`, { query: via });
  assert.equal(refused.status, 403, JSON.stringify(refused.body));
  const joined = await bob.request('POST', v3 + pathOf`/join/${inner}`, { query: via });
  assert.equal(joined.status, 200, JSON.stringify(joined.body));
  assert.deepEqual(await memberIds(bob, inner), [alice.userId, bob.userId].toSorted());
});

test('a moderator removes and bans users of the other server', async ({ one, two }) => {
  const [alice, bob] = [await registerUser(one, 'order-a'), await registerUser(two, 'order-b')];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  const via = { via: one.serverName };
  const join = () => bob.request('POST', v3 + pathOf`/join/${roomId}`, { query: via });
  assert.equal((await join()).status, 200);
  const act = (action: string) =>
    alice.request('POST', v3 + pathOf`/rooms/${roomId}/${action}`, {
      body: { user_id: bob.userId },
    });
  const isOut = async (): Promise<boolean> => {
    const { body } = await bob.request('GET', `${v3}/joined_rooms`);
    return !listAt(body, 'joined_rooms').includes(roomId);
  };
  assert.equal((await act('kick')).status, 200);
  await until('the kick', isOut);
  assert.equal((await join()).status, 200);
  assert.equal((await act('ban')).status, 200);
  await until('the ban', isOut);
  assert.equal((await join()).status, 403);
  assert.equal((await act('unban')).status, 200);
  assert.equal((await join()).status, 200);
});
