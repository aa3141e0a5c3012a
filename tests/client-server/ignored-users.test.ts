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
import { act, ok, readMessages, refusal, roomPath, v3 } from './requests.ts';
import { tell } from './seen-event.ts';
import { serverTests } from './server-test.ts';
import { sync } from './sync-view.ts';

const test = serverTests();

function ignore(user: TestUser, ...others: readonly TestUser[]): Promise<unknown> {
  const ignored_users = Object.fromEntries(others.map(({ userId }) => [userId, {}]));
  return setList(user, { ignored_users });
}

function setList(user: TestUser, body: object): Promise<unknown> {
  const path = `${v3}/user/${encodeURIComponent(user.userId)}/account_data/m.ignored_user_list`;
  return ok(user, 'PUT', path, { body });
}

function unreadOf(json: unknown, roomId: string): unknown {
  return valueAt(json, 'rooms', 'join', roomId, 'unread_notifications', 'notification_count');
}

test('messages of the ignored are seen nowhere, and their state everywhere', async (given) => {
  const alice = await given.newUser();
  const bob = await given.newUser();
  const roomId = await createRoom(bob, { preset: 'public_chat' });
  await joinRoom(alice, roomId);
  const start = await sync(alice);
  await ignore(alice, bob);
  const hidden = await sendText(bob, roomId, 'ignored');
  await sendState(bob, roomId, 'm.room.topic', '', { topic: 'state is shown' });
  const own = await sendText(alice, roomId, 'own');

  const view = await sync(alice, { since: start.nextBatch });
  assert.deepEqual(tell(view.joined(roomId)?.timeline ?? []), ['m.room.topic', 'own']);
  const { events } = await readMessages(alice, roomId, { limit: 2 });
  assert.deepEqual(tell(events), ['own', 'm.room.topic']);
  const path = (...parts: string[]): string => roomPath(roomId, ...parts);
  assert.equal(await refusal(alice, 'GET', path('event', hidden)), '404 M_NOT_FOUND');
  assert.equal(await refusal(alice, 'GET', path('context', hidden)), '404 M_NOT_FOUND');
  const context = await ok(alice, 'GET', path('context', own));
  assert.equal(valueAt(context, 'events_before', 0, 'type'), 'm.room.topic');
  assert.equal(valueAt(context, 'events_before', 1, 'type'), 'm.room.member');
  await ok(bob, 'GET', path('event', hidden));
});

test('the list takes effect at once, both ways, and what was missed is there for a fresh sync', async (given) => {
  const alice = await given.newUser();
  const bob = await given.newUser();
  const roomId = await createRoom(bob, { preset: 'public_chat' });
  await joinRoom(alice, roomId);
  const timelineSince = async (since?: string): Promise<string[]> => {
    const view = await sync(alice, since === undefined ? {} : { since });
    return tell(view.joined(roomId)?.timeline ?? []).filter((text) => text.startsWith('text'));
  };
  const { nextBatch } = await sync(alice);
  await ignore(alice, bob);
  await sendText(bob, roomId, 'text 1');
  assert.deepEqual(await timelineSince(nextBatch), []);
  const before = await sync(alice, { since: nextBatch });
  await ignore(alice);
  await sendText(bob, roomId, 'text 2');
  assert.deepEqual(await timelineSince(before.nextBatch), ['text 2']);
  assert.deepEqual(await timelineSince(), ['text 1', 'text 2']);
});

test('invitations by the ignored are not shown until they are ignored no more', async (given) => {
  const alice = await given.newUser();
  const bob = await given.newUser();
  const carol = await given.newUser();
  const start = await sync(alice);
  await ignore(alice, bob);
  const hidden = await createRoom(bob, { invite: [alice.userId] });
  const shown = await createRoom(carol);
  await inviteUser(carol, shown, alice.userId);
  assert.deepEqual((await sync(alice, { since: start.nextBatch })).rooms('invite'), [shown]);
  assert.deepEqual((await sync(alice)).rooms('invite'), [shown]);
  await ignore(alice);
  assert.deepEqual((await sync(alice)).rooms('invite').toSorted(), [hidden, shown].toSorted());
});

test('messages of the ignored notify nobody who ignores them, even by name', async (given) => {
  const alice = await given.newUser();
  const bob = await given.newUser();
  const carol = await given.newUser();
  const roomId = await createRoom(bob, { preset: 'public_chat' });
  for (const user of [alice, carol]) await joinRoom(user, roomId);
  await ignore(alice, bob);
  await sendText(bob, roomId, 'one');
  await ok(bob, 'PUT', roomPath(roomId, 'send', 'm.room.message', 'mention'), {
    body: { msgtype: 'm.text', body: 'you!', 'm.mentions': { user_ids: [alice.userId] } },
  });
  assert.equal(unreadOf((await sync(carol)).json, roomId), 2);
  await sendText(carol, roomId, 'three');
  const ofAlice = (await sync(alice)).json;
  assert.equal(unreadOf(ofAlice, roomId), 1);
  const path = ['rooms', 'join', roomId, 'unread_notifications', 'highlight_count'];
  assert.equal(valueAt(ofAlice, ...path), 0);
});

test('one cannot ignore oneself, and a list that is none ignores nobody', async (given) => {
  const alice = await given.newUser();
  const bob = await given.newUser();
  const roomId = await createRoom(bob, { preset: 'public_chat' });
  await joinRoom(alice, roomId);
  await ignore(alice, alice);
  await sendText(alice, roomId, 'mine');
  assert.deepEqual(tell((await readMessages(alice, roomId, { limit: 1 })).events), ['mine']);
  for (const list of [{}, { ignored_users: [bob.userId] }, { ignored_users: 'all' }]) {
    await setList(alice, list);
    const text = `after ${JSON.stringify(list)}`;
    await sendText(bob, roomId, text);
    assert.deepEqual(tell((await readMessages(alice, roomId, { limit: 1 })).events), [text]);
  }
});

test('the list is kept over a restart', async (given) => {
  const alice = await given.newUser();
  const bob = await given.newUser();
  const roomId = await createRoom(bob, { preset: 'public_chat' });
  await joinRoom(alice, roomId);
  await sendText(bob, roomId, 'ignored');
  await ignore(alice, bob);
  await given.server.kill();
  await given.server.restart();
  assert.deepEqual(tell((await readMessages(alice, roomId, { limit: 1 })).events), [
    'm.room.member',
  ]);
  await act(alice, roomId, 'leave');
});
