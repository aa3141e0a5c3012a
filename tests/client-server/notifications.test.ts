import assert from 'node:assert/strict';

import { createRoom, joinRoom, sendEvent, sendText, type TestUser } from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { ok, refusal, roomPath, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';

const test = serverTests();
const path = `${v3}/notifications`;

async function notified(
  user: TestUser,
  query: Readonly<Record<string, string | number>> = {},
): Promise<{ ids: string[]; next: unknown; list: unknown[] }> {
  const body = await ok(user, 'GET', path, { query });
  const list = listAt(body, 'notifications');
  return {
    ids: list.map((one) => textAt(one, 'event', 'event_id')),
    next: valueAt(body, 'next_token'),
    list,
  };
}

async function sharedRoom(alice: TestUser, bob: TestUser): Promise<string> {
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId);
  return roomId;
}

test('what notified is listed over all rooms, page by page', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const rooms = [await sharedRoom(alice, bob), await sharedRoom(alice, bob)];
  const sent: string[] = [];
  for (let index = 0; index < 5; index += 1) {
    sent.push(await sendText(alice, rooms[index % 2] ?? '', `message ${index}`));
  }
  await sendText(bob, rooms[0] ?? '', 'own');
  const newest = sent.toReversed();
  const all = await notified(bob);
  assert.deepEqual(all.ids, newest);
  assert.equal(all.next, undefined);
  const seen: string[] = [];
  let from: string | undefined;
  do {
    const page = await notified(bob, { limit: 2, ...(from === undefined ? {} : { from }) });
    seen.push(...page.ids);
    from = typeof page.next === 'string' ? page.next : undefined;
  } while (from !== undefined);
  assert.deepEqual(seen, newest);
  assert.equal(valueAt(all.list[0], 'room_id'), rooms[0]);
  assert.equal(valueAt(all.list[0], 'event', 'room_id'), undefined);
  assert.equal(valueAt(all.list[0], 'actions', 0), 'notify');
});

test('highlights are listed alone, and outlive being read', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await sharedRoom(alice, bob);
  await sendText(alice, roomId, 'nothing special');
  const mention = await sendEvent(alice, roomId, 'm.room.message', {
    msgtype: 'm.text',
    body: 'you',
    'm.mentions': { user_ids: [bob.userId] },
  });
  const ping = await sendEvent(alice, roomId, 'm.room.message', {
    msgtype: 'm.text',
    body: 'all',
    'm.mentions': { room: true },
  });
  const before = await notified(bob, { only: 'highlight' });
  assert.deepEqual(before.ids, [ping, mention]);
  assert.equal(valueAt(before.list[0], 'read'), false);
  await ok(bob, 'POST', roomPath(roomId, 'receipt', 'm.read', mention), { body: {} });
  await sendEvent(alice, roomId, 'm.room.message', {
    msgtype: 'm.text',
    body: 'again',
    'm.mentions': { user_ids: [bob.userId] },
  });
  const after = await notified(bob, { only: 'highlight' });
  assert.deepEqual(
    after.list.map((one) => valueAt(one, 'read')),
    [false, false, true],
  );
  await ok(alice, 'PUT', roomPath(roomId, 'redact', mention, 'once'), { body: {} });
  assert.equal((await notified(bob)).ids.includes(mention), false);
});

test('rooms that are muted or left tell nothing, and wrong questions are refused', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const [left, muted] = [await sharedRoom(alice, bob), await sharedRoom(alice, bob)];
  await sendText(alice, left, 'before');
  await sendText(alice, muted, 'before');
  const rule = `${v3}/pushrules/global/override/${encodeURIComponent(muted)}`;
  const conditions = [{ kind: 'event_match', key: 'room_id', pattern: muted }];
  await ok(bob, 'PUT', rule, { body: { actions: [], conditions } });
  assert.equal((await notified(bob)).ids.length, 1);
  await ok(bob, 'POST', roomPath(left, 'leave'), { body: {} });
  assert.deepEqual((await notified(bob)).ids, []);
  const ask = (query: Record<string, string | number>): Promise<string> =>
    refusal(bob, 'GET', path, { query });
  assert.equal(await ask({ from: 'x' }), '400 M_INVALID_PARAM');
  assert.equal(await ask({ limit: 0 }), '400 M_INVALID_PARAM');
});
