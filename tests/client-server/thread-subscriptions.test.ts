import assert from 'node:assert/strict';

import { createRoom, sendEvent, sendText, type TestUser } from '../harness/client.ts';
import { textAt, valueAt } from '../harness/json-path.ts';
import { ok, refusal } from './requests.ts';
import { serverTests } from './server-test.ts';
import { listOf, slide, slideDuring } from './sliding-view.ts';

const test = serverTests();
const unstable = '/_matrix/client/unstable';
const list = `${unstable}/io.element.msc4308/thread_subscriptions`;

function pathOf(roomId: string, rootId: string): string {
  const [room, root] = [roomId, rootId].map(encodeURIComponent);
  return `${unstable}/io.element.msc4306/rooms/${room}/thread/${root}/subscription`;
}

async function answer(user: TestUser, roomId: string, rootId: string): Promise<string> {
  const content = { body: 'x', 'm.relates_to': { rel_type: 'm.thread', event_id: rootId } };
  return sendEvent(user, roomId, 'm.room.message', content);
}

test('a thread is followed by wish or by taking part, until one leaves it', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  const root = await sendText(alice, roomId, 'root');
  const cause = await answer(alice, roomId, root);
  const path = pathOf(roomId, root);
  assert.equal(await refusal(alice, 'GET', path), '404 M_NOT_FOUND');
  await ok(alice, 'PUT', path, { body: { automatic: cause } });
  assert.deepEqual(await ok(alice, 'GET', path), { automatic: true });
  await ok(alice, 'PUT', path, { body: {} });
  assert.deepEqual(await ok(alice, 'GET', path), { automatic: false });
  const query = { dir: 'b' };
  const followed = await ok(alice, 'GET', list, { query });
  assert.equal(valueAt(followed, 'subscribed', roomId, root, 'automatic'), false);
  await ok(alice, 'DELETE', path);
  assert.equal(await refusal(alice, 'GET', path), '404 M_NOT_FOUND');
  const left = await ok(alice, 'GET', list, { query });
  assert.equal(typeof valueAt(left, 'unsubscribed', roomId, root, 'bump_stamp'), 'number');
  assert.equal(valueAt(left, 'subscribed'), undefined);
  assert.equal(
    await refusal(alice, 'PUT', path, { body: { automatic: cause } }),
    '409 IO.ELEMENT.MSC4306.M_CONFLICTING_UNSUBSCRIPTION',
  );
  const later = await answer(alice, roomId, root);
  await ok(alice, 'PUT', path, { body: { automatic: later } });
  assert.deepEqual(await ok(alice, 'GET', path), { automatic: true });
});

test('threads that one may not see, and causes elsewhere, are refused', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await createRoom(alice);
  const root = await sendText(alice, roomId, 'root');
  const other = await sendText(alice, roomId, 'other');
  const path = pathOf(roomId, root);
  assert.equal(await refusal(bob, 'PUT', path, { body: {} }), '404 M_NOT_FOUND');
  assert.equal(await refusal(bob, 'DELETE', path), '404 M_NOT_FOUND');
  assert.equal(
    await refusal(alice, 'PUT', path, { body: { automatic: other } }),
    '400 IO.ELEMENT.MSC4306.M_NOT_IN_THREAD',
  );
  assert.equal(await refusal(alice, 'GET', list), '400 M_MISSING_PARAM');
  const query = { dir: 'b', from: 'x' };
  assert.equal(await refusal(alice, 'GET', list, { query }), '400 M_INVALID_PARAM');
});

test('the list comes in pages, the newest first', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  const roots: string[] = [];
  for (let index = 0; index < 3; index += 1) {
    const root = await sendText(alice, roomId, 'root');
    await ok(alice, 'PUT', pathOf(roomId, root), { body: {} });
    roots.push(root);
  }
  const seen: string[] = [];
  let from: unknown;
  do {
    const query = { dir: 'b', limit: 2, ...(typeof from === 'string' ? { from } : {}) };
    const body = await ok(alice, 'GET', list, { query });
    seen.push(...Object.keys(Object(valueAt(body, 'subscribed', roomId))));
    from = valueAt(body, 'end');
  } while (from !== undefined);
  assert.deepEqual(seen.toSorted(), roots.toSorted());
});

test('sliding sync tells what changed, wakes up for it, and says where the rest is', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  const roots: string[] = [];
  for (let index = 0; index < 3; index += 1) {
    const root = await sendText(alice, roomId, 'root');
    await ok(alice, 'PUT', pathOf(roomId, root), { body: {} });
    roots.push(root);
  }
  const [oldest = '', second = '', newest = ''] = roots;
  const name = 'io.element.msc4308.thread_subscriptions';
  const ask = { ...listOf(), extensions: { [name]: { enabled: true, limit: 2 } } };
  const first = await slide(alice, ask);
  const told = first.extension(name);
  const threads = Object.keys(Object(valueAt(told, 'subscribed', roomId)));
  assert.deepEqual(threads.toSorted(), [second, newest].toSorted());
  const query = { dir: 'b', from: textAt(told, 'prev_batch') };
  const rest = await ok(alice, 'GET', list, { query });
  assert.deepEqual(Object.keys(Object(valueAt(rest, 'subscribed', roomId))), [oldest]);
  const woken = await slideDuring(alice, ask, first.pos, () =>
    ok(alice, 'DELETE', pathOf(roomId, newest)),
  );
  const left = woken.extension(name);
  assert.equal(typeof valueAt(left, 'unsubscribed', roomId, newest, 'bump_stamp'), 'number');
  assert.deepEqual(
    [valueAt(left, 'subscribed'), valueAt(left, 'prev_batch')],
    [undefined, undefined],
  );
  const quiet = await slide(alice, ask, { pos: woken.pos });
  assert.equal(quiet.extension(name), undefined);
});
