import assert from 'node:assert/strict';

import { createRoom, inviteUser, joinRoom, sendText } from '../harness/client.ts';
import { act, refusal, refusedAct, roomPath } from './requests.ts';
import { serverTests } from './server-test.ts';
import { expectJoined, sync } from './sync-view.ts';

const test = serverTests();
const includeLeave = { room: { include_leave: true } };

test('a room is forgotten after it was left, and never before', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  assert.match(await refusedAct(bob, roomId, 'forget'), /^40[034] M_/);
  await joinRoom(bob, roomId);
  assert.equal(await refusedAct(bob, roomId, 'forget'), '400 M_UNKNOWN');
  await act(bob, roomId, 'leave');
  assert.deepEqual((await sync(bob, { filter: includeLeave })).rooms('leave'), [roomId]);
  await act(bob, roomId, 'forget');
  assert.deepEqual((await sync(bob, { filter: includeLeave })).rooms('leave'), []);
});

test('a room that was forgotten shows no history to its former member', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  const eventId = await sendText(alice, roomId, 'once said');
  await joinRoom(bob, roomId);
  await act(bob, roomId, 'leave');
  const paths = [
    ['messages'],
    ['state'],
    ['members'],
    ['event', eventId],
    ['context', eventId],
  ].map((parts) => roomPath(roomId, ...parts));
  for (const path of paths) assert.equal(await refusal(bob, 'GET', path), '200', path);
  await act(bob, roomId, 'forget');
  for (const path of paths) assert.equal(await refusal(bob, 'GET', path), '403 M_FORBIDDEN', path);
});

test('a sync that has seen the room does not hear of it once it is left and forgotten', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId);
  const { nextBatch } = await sync(bob);
  await act(bob, roomId, 'leave');
  await act(bob, roomId, 'forget');
  const view = await sync(bob, { since: nextBatch });
  assert.deepEqual([view.rooms('join'), view.rooms('leave')], [[], []]);
});

test('a rejected invitation and a ban may be forgotten', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  const rejected = await createRoom(alice, { invite: [bob.userId] });
  await act(bob, rejected, 'leave');
  await act(bob, rejected, 'forget');
  const banned = await createRoom(alice);
  await act(alice, banned, 'ban', { user_id: bob.userId });
  await act(bob, banned, 'forget');
  assert.deepEqual((await sync(bob, { filter: includeLeave })).rooms('leave'), []);
});

test('who comes back to a forgotten room has it in full', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  const roomId = await createRoom(alice, { preset: 'public_chat', name: 'Return' });
  await joinRoom(bob, roomId);
  await act(bob, roomId, 'leave');
  await act(bob, roomId, 'forget');
  const { nextBatch } = await sync(bob);
  await sendText(alice, roomId, 'while away');
  await inviteUser(alice, roomId, bob.userId);
  const invited = await sync(bob, { since: nextBatch });
  assert.deepEqual(invited.rooms('invite'), [roomId]);
  await joinRoom(bob, roomId);
  const room = expectJoined(await sync(bob, { since: invited.nextBatch }), roomId);
  const types = new Set([...room.state, ...room.timeline].map(({ type }) => type));
  for (const type of ['m.room.create', 'm.room.name', 'm.room.message']) assert.ok(types.has(type));
  assert.equal(await refusal(bob, 'GET', roomPath(roomId, 'messages')), '200');
});
