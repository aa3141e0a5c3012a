import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ChangeKind } from '../storage/change.ts';
import type { Touch } from '../storage/change.ts';
import { Notifier } from './notifier.ts';

const LONG_MS = 60_000;
const forever = new AbortController().signal;

function commit(notifier: Notifier, ...touches: Touch[]): void {
  notifier.onCommit([{ position: 1, change: { statements: [], positions: 1, touches } }]);
}

/** Whether the wait has ended, asked after everything that could end it has run. */
async function hasEnded(wait: Promise<unknown>): Promise<boolean> {
  await new Promise(setImmediate);
  const pending = Symbol('pending');
  return (await Promise.race([wait, Promise.resolve(pending)])) !== pending;
}

test('a change in a room wakes those that follow it, and nobody else', async () => {
  const notifier = new Notifier();
  const abort = new AbortController();
  notifier.follow(1, [10, 11]);
  notifier.follow(2, [11]);
  const [first, second] = [1, 2].map((user) => notifier.wait(user, LONG_MS, abort.signal));
  assert.ok(first !== undefined && second !== undefined);
  commit(notifier, { kind: ChangeKind.room, subject: 10 });
  assert.equal(await first, 'changed');
  assert.equal(await hasEnded(second), false);
  commit(notifier, { kind: ChangeKind.receipt, subject: 11 });
  assert.equal(await second, 'changed');
});

test('what concerns a user wakes all that wait for that user; a token wakes nobody', async () => {
  const notifier = new Notifier();
  const waits = [1, 2, 3].map(() => notifier.wait(7, LONG_MS, forever));
  commit(notifier, { kind: ChangeKind.token, subject: 7 });
  const [first] = waits;
  assert.ok(first !== undefined);
  assert.equal(await hasEnded(first), false);
  commit(notifier, { kind: ChangeKind.userData, subject: 7 });
  assert.deepEqual(await Promise.all(waits), ['changed', 'changed', 'changed']);
});

test('a message to a device wakes what waits on that device alone', async () => {
  const notifier = new Notifier();
  const abort = new AbortController();
  const phone = notifier.wait(7, LONG_MS, abort.signal, 70);
  const others = [
    notifier.wait(7, LONG_MS, abort.signal, 71),
    notifier.wait(70, LONG_MS, abort.signal),
  ];
  commit(notifier, { kind: ChangeKind.toDevice, subject: 70 });
  assert.equal(await phone, 'changed');
  assert.deepEqual(await Promise.all(others.map(hasEnded)), [false, false]);
  commit(notifier, { kind: ChangeKind.toDevice, subject: 70 });
  commit(notifier, { kind: ChangeKind.userData, subject: 7 });
  assert.equal(await others[0], 'changed');
  abort.abort();
});

test('following anew replaces the rooms, and unfollowing ends it', async () => {
  const notifier = new Notifier();
  const abort = new AbortController();
  notifier.follow(1, [10]);
  notifier.follow(1, [11]);
  const wait = notifier.wait(1, LONG_MS, abort.signal);
  notifier.wakeRoom(10);
  assert.equal(await hasEnded(wait), false);
  notifier.unfollow(1);
  notifier.wakeRoom(11);
  assert.equal(await hasEnded(wait), false);
  notifier.wakeUser(1);
  assert.equal(await wait, 'changed');
});

test('a wait ends with its time, its client, or at once when the client has gone', async () => {
  const notifier = new Notifier();
  assert.equal(await notifier.wait(1, 1, forever), 'timeout');
  const abort = new AbortController();
  const wait = notifier.wait(1, LONG_MS, abort.signal);
  abort.abort();
  assert.equal(await wait, 'aborted');
  assert.equal(await notifier.wait(1, LONG_MS, abort.signal), 'aborted');
});

test('one that ended is not woken again, and one that begins while others are woken waits', async () => {
  const notifier = new Notifier();
  const abort = new AbortController();
  let second: Promise<unknown> | undefined;
  const first = notifier.wait(1, LONG_MS, forever).then(() => {
    second = notifier.wait(1, LONG_MS, abort.signal);
  });
  notifier.wakeUser(1);
  await first;
  assert.ok(second !== undefined);
  assert.equal(await hasEnded(second), false);
  abort.abort();
  assert.equal(await second, 'aborted');
});

test('who waits for a room is woken by it, whether following it or not', async () => {
  const notifier = new Notifier();
  const abort = new AbortController();
  const [peeking, other] = [10, 11].map((room) =>
    notifier.waitForRoom(room, LONG_MS, abort.signal),
  );
  assert.ok(peeking !== undefined && other !== undefined);
  commit(notifier, { kind: ChangeKind.room, subject: 10 });
  assert.equal(await peeking, 'changed');
  assert.equal(await hasEnded(other), false);
  abort.abort();
  assert.equal(await other, 'aborted');
});

test('of many users only so many are woken, those of the smallest rooms first', async () => {
  const notifier = new Notifier();
  const abort = new AbortController();
  const large = Array.from({ length: 20 }, (_, index) => index + 100);
  for (const user of large) notifier.follow(user, [10]);
  notifier.follow(1, [11]);
  const waits = [1, ...large].map((user) => notifier.wait(user, LONG_MS, abort.signal));
  notifier.wakeSome([10, 11, 12], 5);
  const ended = await Promise.all(waits.map(hasEnded));
  assert.equal(ended[0], true);
  assert.equal(ended.filter(Boolean).length, 5);
  abort.abort();
});
