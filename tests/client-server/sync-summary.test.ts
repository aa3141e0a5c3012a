import assert from 'node:assert/strict';

import { createRoom, inviteUser, joinRoom, sendText } from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';
import { act } from './requests.ts';
import { serverTests } from './server-test.ts';
import { expectJoined, sync, type SyncView } from './sync-view.ts';

const test = serverTests();
const lazy = { room: { state: { lazy_load_members: true } } };

function summaryOf(view: SyncView, roomId: string): unknown {
  return valueAt(expectJoined(view, roomId).json, 'summary');
}

test('the summary counts members and names heroes, oneself apart', async (given) => {
  const [alice, bob, carol] = [
    await given.newUser(),
    await given.user('bob'),
    await given.user('carol'),
  ];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId);
  await inviteUser(alice, roomId, carol.userId);
  const start = await sync(alice, { filter: lazy });
  assert.deepEqual(summaryOf(start, roomId), {
    'm.heroes': [bob.userId, carol.userId],
    'm.joined_member_count': 2,
    'm.invited_member_count': 1,
  });
  await joinRoom(carol, roomId);
  const view = await sync(alice, { since: start.nextBatch, filter: lazy });
  assert.deepEqual(summaryOf(view, roomId), {
    'm.heroes': [bob.userId, carol.userId],
    'm.joined_member_count': 3,
    'm.invited_member_count': 0,
  });
  const ofBob = await sync(bob, { filter: lazy });
  assert.deepEqual(valueAt(summaryOf(ofBob, roomId), 'm.heroes'), [alice.userId, carol.userId]);
});

test('when all others are gone they are the heroes still', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.user('bob')];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId);
  const start = await sync(alice, { filter: lazy });
  await act(bob, roomId, 'leave');
  const view = await sync(alice, { since: start.nextBatch, filter: lazy });
  assert.deepEqual(summaryOf(view, roomId), {
    'm.heroes': [bob.userId],
    'm.joined_member_count': 1,
    'm.invited_member_count': 0,
  });
});

test('there are five heroes at most', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  for (const name of ['u1', 'u2', 'u3', 'u4', 'u5', 'u6']) {
    await joinRoom(await given.user(name), roomId);
  }
  const summary = summaryOf(await sync(alice, { filter: lazy }), roomId);
  const heroes = valueAt(summary, 'm.heroes');
  assert.ok(Array.isArray(heroes) && !heroes.includes(alice.userId));
  assert.equal(heroes.length, 5);
  assert.equal(valueAt(summary, 'm.joined_member_count'), 7);
});

test('a summary that has not changed is left out', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  const { nextBatch } = await sync(alice, { filter: lazy });
  await sendText(alice, roomId, 'nobody came');
  const view = await sync(alice, { since: nextBatch, filter: lazy });
  assert.deepEqual(summaryOf(view, roomId) ?? {}, {});
});
