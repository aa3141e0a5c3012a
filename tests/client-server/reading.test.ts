import assert from 'node:assert/strict';

import {
  createRoom,
  joinRoom,
  logIn,
  sendEvent,
  sendText,
  type TestUser,
} from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';
import { act, ok, refusal, roomPath } from './requests.ts';
import { tell } from './seen-event.ts';
import { serverTests, type ServerUnderTest } from './server-test.ts';
import { expectJoined, pollDuring, sync, type SyncView } from './sync-view.ts';

const test = serverTests();

interface Pair {
  readonly alice: TestUser;
  readonly bob: TestUser;
  readonly roomId: string;
}

/** A room of three, since a message in a room of two counts by another rule. */
async function setUp(given: ServerUnderTest): Promise<Pair> {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId);
  await joinRoom(await given.user('carol'), roomId);
  return { alice, bob, roomId };
}

/** `notification_count` and `highlight_count`. */
function counts(view: SyncView, roomId: string): unknown[] {
  const unread = valueAt(expectJoined(view, roomId).json, 'unread_notifications');
  return [valueAt(unread, 'notification_count'), valueAt(unread, 'highlight_count')];
}

function mention({ userId }: TestUser): object {
  return { msgtype: 'm.text', body: 'you', 'm.mentions': { user_ids: [userId] } };
}

function receipt(user: TestUser, roomId: string, type: string, eventId: string, body: object = {}) {
  return ok(user, 'POST', roomPath(roomId, 'receipt', type, eventId), { body });
}

test('a message and its count come with the same answer', async (given) => {
  const { alice, bob, roomId } = await setUp(given);
  let { nextBatch } = await sync(bob);
  for (let n = 1; n <= 3; n += 1) {
    const view = await pollDuring(bob, { since: nextBatch }, () =>
      sendText(alice, roomId, `message ${n}`),
    );
    assert.deepEqual(tell(expectJoined(view, roomId).timeline), [`message ${n}`]);
    assert.deepEqual(counts(view, roomId), [n, 0]);
    nextBatch = view.nextBatch;
  }
  const view = await pollDuring(bob, { since: nextBatch }, () =>
    sendEvent(alice, roomId, 'm.room.message', mention(bob)),
  );
  assert.deepEqual(counts(view, roomId), [4, 1]);
  assert.deepEqual(counts(await sync(bob), roomId), [4, 1]);
  assert.deepEqual(counts(await sync(alice), roomId), [0, 0]);
});

test('reading lowers the count on every device, in public or in private', async (given) => {
  const { alice, bob, roomId } = await setUp(given);
  const phone = await logIn(given.server, bob.userId.slice(1).split(':')[0] ?? '');
  const first = await sendText(alice, roomId, 'one');
  const second = await sendText(alice, roomId, 'two');
  const start = await sync(phone);
  assert.deepEqual(counts(start, roomId), [2, 0]);
  const one = await pollDuring(phone, { since: start.nextBatch }, () =>
    receipt(bob, roomId, 'm.read', first),
  );
  assert.deepEqual(counts(one, roomId), [1, 0]);
  const none = await pollDuring(phone, { since: one.nextBatch }, () =>
    receipt(bob, roomId, 'm.read.private', second),
  );
  assert.deepEqual(counts(none, roomId), [0, 0]);
  await receipt(bob, roomId, 'm.read', first);
  assert.deepEqual(counts(await sync(bob), roomId), [0, 0]);
});

test('what oneself says is read', async (given) => {
  const { alice, bob, roomId } = await setUp(given);
  await sendText(alice, roomId, 'one');
  await sendText(bob, roomId, 'answer');
  assert.deepEqual(counts(await sync(bob), roomId), [0, 0]);
});

test('who joins starts with nothing unread', async (given) => {
  const { alice, roomId } = await setUp(given);
  const dora = await given.newUser();
  await sendText(alice, roomId, 'before');
  await joinRoom(dora, roomId);
  assert.deepEqual(counts(await sync(dora), roomId), [0, 0]);
  await sendText(alice, roomId, 'after');
  assert.deepEqual(counts(await sync(dora), roomId), [1, 0]);
});

test('threads are counted apart where the filter asks for it', async (given) => {
  const { alice, bob, roomId } = await setUp(given);
  const root = await sendText(alice, roomId, 'root');
  const inThread = {
    ...mention(bob),
    'm.relates_to': { rel_type: 'm.thread', event_id: root },
  };
  await sendEvent(alice, roomId, 'm.room.message', inThread);
  const reply = await sendEvent(alice, roomId, 'm.room.message', inThread);
  assert.deepEqual(counts(await sync(bob), roomId), [3, 2]);
  const filter = { room: { timeline: { unread_thread_notifications: true } } };
  const threads = (view: SyncView): unknown =>
    valueAt(expectJoined(view, roomId).json, 'unread_thread_notifications');
  const view = await sync(bob, { filter });
  assert.deepEqual(counts(view, roomId), [1, 0]);
  assert.deepEqual(threads(view), { [root]: { notification_count: 2, highlight_count: 2 } });
  await receipt(bob, roomId, 'm.read', reply, { thread_id: root });
  const read = await sync(bob, { filter });
  assert.deepEqual(counts(read, roomId), [1, 0]);
  assert.deepEqual(threads(read) ?? {}, {});
  assert.deepEqual(counts(await sync(bob), roomId), [1, 0]);
});

test('the read marker is account data of the room', async (given) => {
  const { alice, bob, roomId } = await setUp(given);
  const first = await sendText(alice, roomId, 'one');
  const second = await sendText(alice, roomId, 'two');
  const { nextBatch } = await sync(bob);
  await act(bob, roomId, 'read_markers', { 'm.fully_read': first, 'm.read': second });
  const view = await sync(bob, { since: nextBatch });
  const room = expectJoined(view, roomId);
  const marker = room.accountData.find(({ type }) => type === 'm.fully_read');
  assert.deepEqual(marker?.content, { event_id: first });
  const receipts = room.ephemeral.find(({ type }) => type === 'm.receipt')?.content;
  assert.ok(valueAt(receipts, second, 'm.read', bob.userId));
  assert.deepEqual(counts(view, roomId), [0, 0]);
});

test('only who is in the room types and reads there', async (given) => {
  const { alice, bob, roomId } = await setUp(given);
  const eventId = await sendText(alice, roomId, 'one');
  const stranger = await given.user('stranger');
  const type = (user: TestUser, of: TestUser): Promise<string> =>
    refusal(user, 'PUT', roomPath(roomId, 'typing', of.userId), { body: { typing: true } });
  assert.equal(await type(stranger, stranger), '403 M_FORBIDDEN');
  assert.equal(await type(bob, alice), '403 M_FORBIDDEN');
  const path = roomPath(roomId, 'receipt', 'm.read', eventId);
  assert.equal(await refusal(stranger, 'POST', path, { body: {} }), '403 M_FORBIDDEN');
  const unknownType = roomPath(roomId, 'receipt', 'org.example.read', eventId);
  assert.match(await refusal(bob, 'POST', unknownType, { body: {} }), /^400 M_/);
  await act(bob, roomId, 'leave');
  assert.equal(await type(bob, bob), '403 M_FORBIDDEN');
});

test('the push rules come with the first sync and when they change', async (given) => {
  const alice = await given.newUser();
  const start = await sync(alice);
  const rules = start.accountData.find(({ type }) => type === 'm.push_rules');
  assert.ok(Array.isArray(valueAt(rules?.content, 'global', 'override')));
  const path = '/_matrix/client/v3/pushrules/global/content/fish';
  const view = await pollDuring(alice, { since: start.nextBatch }, () =>
    ok(alice, 'PUT', path, { body: { actions: ['notify'], pattern: 'fish' } }),
  );
  const changed = view.accountData.find(({ type }) => type === 'm.push_rules');
  assert.equal(valueAt(changed?.content, 'global', 'content', 0, 'rule_id'), 'fish');
});
