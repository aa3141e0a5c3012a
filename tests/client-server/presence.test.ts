import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import { createRoom, joinRoom, sendText, type TestUser } from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';
import { act, ok, refusal, v3 } from './requests.ts';
import { eventsFrom } from './seen-event.ts';
import { serverTests, type ServerUnderTest } from './server-test.ts';
import { sync, type SyncView } from './sync-view.ts';

const times = { sync_online_timeout: '1s', idle_timeout: '2s', last_active_granularity: '1s' };
const test = serverTests({ presence: times });
const testDisabled = serverTests({ presence: { enabled: false } });

function statusPath({ userId }: TestUser): string {
  return `${v3}/presence/${encodeURIComponent(userId)}/status`;
}

/** The contents of a user's presence in an answer, the newest last. */
function presenceOf(view: SyncView, { userId }: TestUser): unknown[] {
  const events = valueAt(view.json, 'presence', 'events');
  return eventsFrom(Array.isArray(events) ? events : [])
    .filter(({ sender }) => sender === userId)
    .map(({ content }) => content);
}

async function neighbours(given: ServerUnderTest): Promise<[TestUser, TestUser]> {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId);
  return [alice, bob];
}

/** Syncs until the user's presence is as wanted; the test's own time limit ends it otherwise. */
async function syncUntil(
  who: TestUser,
  from: SyncView,
  other: TestUser,
  presence: string,
): Promise<SyncView> {
  let view = from;
  while (!presenceOf(view, other).some((each) => valueAt(each, 'presence') === presence)) {
    view = await sync(who, { since: view.nextBatch, timeoutMs: 10_000 });
  }
  return view;
}

test('what a user says of being there is shown to those who share a room', async (given) => {
  const [alice, bob] = await neighbours(given);
  const first = await sync(bob);
  const poll = syncUntil(bob, first, alice, 'online');
  await ok(bob, 'GET', `${v3}/account/whoami`);
  const body = { presence: 'online', status_msg: 'at work' };
  await ok(alice, 'PUT', statusPath(alice), { body });
  const seen = await poll;
  const [content] = presenceOf(seen, alice);
  assert.equal(valueAt(content, 'status_msg'), 'at work');
  assert.equal(valueAt(content, 'currently_active'), true);
  assert.ok(Number(valueAt(content, 'last_active_ago')) >= 0);
  const asked = await ok(bob, 'GET', statusPath(alice));
  assert.equal(valueAt(asked, 'presence'), 'online');
  assert.equal(valueAt(asked, 'status_msg'), 'at work');
});

test('strangers see nothing of it', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  await ok(alice, 'PUT', statusPath(alice), { body: { presence: 'online' } });
  assert.deepEqual(presenceOf(await sync(bob), alice), []);
  assert.equal(await refusal(bob, 'GET', statusPath(alice)), '403 M_FORBIDDEN');
  const nobody = `${v3}/presence/${encodeURIComponent('@nobody:soma.test')}/status`;
  assert.equal(await refusal(bob, 'GET', nobody), '403 M_FORBIDDEN');
  const other = { body: { presence: 'offline' } };
  assert.equal(await refusal(bob, 'PUT', statusPath(alice), other), '403 M_FORBIDDEN');
});

test('who syncs is online, who does nothing becomes idle, who is gone offline', async (given) => {
  const [alice, bob] = await neighbours(given);
  const first = await sync(bob);
  let since = (await sync(alice)).nextBatch;
  const online = await syncUntil(bob, first, alice, 'online');
  const syncing = (async (): Promise<void> => {
    for (let round = 0; round < 6; round += 1) {
      since = (await sync(alice, { since, timeoutMs: 500 })).nextBatch;
      await sleep(100);
    }
  })();
  const idle = await syncUntil(bob, online, alice, 'unavailable');
  await syncing;
  await syncUntil(bob, idle, alice, 'offline');
});

test('a message of an idle user says that the user is there', async (given) => {
  const [alice, bob] = await neighbours(given);
  const roomId = await createRoom(alice);
  await sync(alice);
  const first = await sync(bob);
  await ok(alice, 'PUT', statusPath(alice), { body: { presence: 'unavailable' } });
  const idle = await syncUntil(bob, first, alice, 'unavailable');
  await sendText(alice, roomId, 'back');
  await syncUntil(bob, idle, alice, 'online');
});

test('a client may sync without being shown', async (given) => {
  const [alice, bob] = await neighbours(given);
  await ok(alice, 'GET', `${v3}/sync`, { query: { set_presence: 'offline' } });
  assert.deepEqual(presenceOf(await sync(bob), alice), []);
  await ok(alice, 'GET', `${v3}/sync`, { query: { set_presence: 'unavailable' } });
  assert.equal(valueAt(presenceOf(await sync(bob), alice)[0], 'presence'), 'unavailable');
});

test('who comes into a room sees who is there, and is seen', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  const [mine, theirs] = [await sync(alice), await sync(bob)];
  await joinRoom(bob, roomId);
  const seenByBob = await sync(bob, { since: theirs.nextBatch });
  assert.equal(presenceOf(seenByBob, alice).length, 1);
  const seenByAlice = await sync(alice, { since: mine.nextBatch });
  assert.equal(presenceOf(seenByAlice, bob).length, 1);
  await act(bob, roomId, 'leave');
  const after = await sync(bob, { since: seenByBob.nextBatch });
  await ok(alice, 'PUT', statusPath(alice), { body: { presence: 'unavailable' } });
  assert.deepEqual(presenceOf(await sync(bob, { since: after.nextBatch }), alice), []);
});

test('a filter chooses whose presence is told', async (given) => {
  const [alice, bob] = await neighbours(given);
  await sync(alice);
  for (const presence of [{ types: [] }, { not_senders: [alice.userId] }, { not_types: ['m.*'] }]) {
    assert.deepEqual(presenceOf(await sync(bob, { filter: { presence } }), alice), []);
  }
  const only = await sync(bob, { filter: { presence: { senders: [alice.userId] } } });
  assert.equal(presenceOf(only, alice).length, 1);
  assert.deepEqual(presenceOf(only, bob), []);
});

test('a state that is none, and a long message, are refused', async (given) => {
  const alice = await given.newUser();
  const put = (body: object): Promise<string> => refusal(alice, 'PUT', statusPath(alice), { body });
  assert.equal(await put({ presence: 'asleep' }), '400 M_BAD_JSON');
  assert.equal(await put({}), '400 M_MISSING_PARAM');
  assert.equal(await put({ presence: 'online', status_msg: 1 }), '400 M_BAD_JSON');
  const long = { presence: 'online', status_msg: 'x'.repeat(2_000) };
  assert.equal(await put(long), '413 M_TOO_LARGE');
});

testDisabled('where presence is turned off, nobody is ever there', async (given) => {
  const [alice, bob] = await neighbours(given);
  await sync(alice);
  await ok(alice, 'PUT', statusPath(alice), { body: { presence: 'online' } });
  assert.equal(valueAt((await sync(bob)).json, 'presence'), undefined);
  assert.deepEqual(await ok(bob, 'GET', statusPath(alice)), { presence: 'offline' });
});
