import assert from 'node:assert/strict';
import { test } from 'node:test';

import { VirtualTime } from './virtual-time.ts';

test('what is to happen happens in order of time, and at once', async () => {
  const time = new VirtualTime(1_000);
  const seen: string[] = [];
  const note = (name: string) => () => seen.push(`${name} ${time.nowMs}`);
  for (const [index, delayMs] of [70, 20, 90, 20, 0, 55].entries()) {
    time.after(delayMs, note(String(index)));
  }
  time.after(20, () => time.after(10, note('then')));
  await time.runUntil(1_080);
  assert.deepEqual(seen, ['4 1000', '1 1020', '3 1020', 'then 1030', '5 1055', '0 1070']);
  assert.equal(time.nowMs, 1_080);
});

test('the clock stands until what is under way is done', async () => {
  const time = new VirtualTime(0);
  let turns = 0;
  let atMs: number | undefined;
  const goOn = (): void => {
    turns += 1;
    if (turns < 20) time.soon(goOn);
    else atMs = time.nowMs;
  };
  time.after(5, goOn);
  time.after(6, () => assert.equal(turns, 20));
  await time.runUntil(10);
  assert.equal(atMs, 5);
});

test('what an owner has yet to do is called off with the owner', async () => {
  const time = new VirtualTime(0);
  const [kept, gone] = [{}, {}];
  const seen: unknown[] = [];
  for (const owner of [kept, gone]) {
    // What it arranges later is its own, too.
    time.actAs(owner, () => {
      time.after(1, () => time.after(10, () => seen.push(time.owner)));
    });
  }
  time.after(5, () => time.callOff(gone));
  await time.runUntil(20);
  assert.deepEqual(seen, [kept]);
});
