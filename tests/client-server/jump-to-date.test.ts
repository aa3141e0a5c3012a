import assert from 'node:assert/strict';

import { createRoom, joinRoom, sendText, type TestUser } from '../harness/client.ts';
import { textAt, valueAt } from '../harness/json-path.ts';
import { ok, readEvent, refusal } from './requests.ts';
import { serverTests } from './server-test.ts';

const test = serverTests();

function path(roomId: string): string {
  return `/_matrix/client/v1/rooms/${encodeURIComponent(roomId)}/timestamp_to_event`;
}

async function closest(
  user: TestUser,
  roomId: string,
  ts: number,
  dir: 'f' | 'b',
): Promise<string> {
  return textAt(await ok(user, 'GET', path(roomId), { query: { ts, dir } }), 'event_id');
}

async function timeOf(user: TestUser, roomId: string, eventId: string): Promise<number> {
  const { json } = await readEvent(user, roomId, eventId);
  return Number(valueAt(json, 'origin_server_ts'));
}

/** Two events that have different times, for certain. */
async function twoTimes(user: TestUser, roomId: string): Promise<[string, string]> {
  const first = await sendText(user, roomId, 'first');
  const time = await timeOf(user, roomId, first);
  for (;;) {
    const second = await sendText(user, roomId, 'second');
    if ((await timeOf(user, roomId, second)) > time) return [first, second];
  }
}

test('the event at, after or before a time is found', async (given) => {
  const alice = await given.user('alice');
  const roomId = await createRoom(alice);
  const [first, second] = await twoTimes(alice, roomId);
  const [early, late] = [await timeOf(alice, roomId, first), await timeOf(alice, roomId, second)];
  assert.equal(await closest(alice, roomId, late, 'f'), second);
  assert.equal(await closest(alice, roomId, late, 'b'), second);
  assert.equal(await closest(alice, roomId, late + 1_000, 'b'), second);
  const between = await closest(alice, roomId, early + 1, 'f');
  assert.ok((await timeOf(alice, roomId, between)) > early);
  const found = await ok(alice, 'GET', path(roomId), { query: { ts: 0, dir: 'f' } });
  const created = await readEvent(alice, roomId, textAt(found, 'event_id'));
  assert.equal(created.type, 'm.room.create');
  assert.equal(valueAt(found, 'origin_server_ts'), valueAt(created.json, 'origin_server_ts'));
});

test('where there is nothing in that direction, or no room to read, it says so', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.user('bob');
  const roomId = await createRoom(alice);
  const ask = (user: TestUser, query: Record<string, string | number>): Promise<string> =>
    refusal(user, 'GET', path(roomId), { query });
  assert.equal(await ask(alice, { ts: 0, dir: 'b' }), '404 M_NOT_FOUND');
  assert.equal(await ask(alice, { ts: Date.now() + 60_000, dir: 'f' }), '404 M_NOT_FOUND');
  assert.equal(await ask(bob, { ts: 0, dir: 'f' }), '403 M_FORBIDDEN');
  assert.equal(await ask(alice, { ts: 0 }), '400 M_MISSING_PARAM');
  assert.equal(await ask(alice, { ts: 0, dir: 'up' }), '400 M_INVALID_PARAM');
  assert.equal(await ask(alice, { ts: 'noon', dir: 'f' }), '400 M_INVALID_PARAM');
});

test('what one may not see is looked past', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  const roomId = await createRoom(alice, {
    preset: 'public_chat',
    initial_state: [
      { type: 'm.room.history_visibility', content: { history_visibility: 'joined' } },
    ],
  });
  const [, hidden] = await twoTimes(alice, roomId);
  const from = await timeOf(alice, roomId, hidden);
  for (let index = 0; index < 60; index += 1) await sendText(alice, roomId, 'hidden');
  await joinRoom(bob, roomId);
  const found = await readEvent(bob, roomId, await closest(bob, roomId, from, 'f'));
  assert.equal(found.type, 'm.room.member');
  assert.equal(found.stateKey, bob.userId);
});
