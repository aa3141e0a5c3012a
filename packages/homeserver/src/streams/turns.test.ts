import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextRound } from 'node:timers/promises';

import { Turns, WaitingLine, othersTurn } from './turns.ts';

test('no more run than there are places, and all of them in the end', async () => {
  const line = new WaitingLine(2);
  let running = 0;
  let most = 0;
  const results = await Promise.allSettled(
    Array.from({ length: 7 }, (_, index) =>
      line.run(async () => {
        running += 1;
        most = Math.max(most, running);
        await nextRound();
        running -= 1;
        if (index === 3) throw new Error('this one fails');
        return index;
      }),
    ),
  );
  assert.equal(most, 2);
  assert.deepEqual(
    results.map(({ status }) => status === 'fulfilled'),
    [true, true, true, false, true, true, true],
  );
  assert.equal(await line.run(async () => 'later'), 'later');
});

test('others run between the parts of what takes long', async () => {
  const turns = new Turns();
  let others = 0;
  const timer = setInterval(() => (others += 1), 0);
  const endMs = performance.now() + 60;
  while (performance.now() < endMs) await turns.next();
  clearInterval(timer);
  assert.ok(others > 0);
});

test('of many long works one goes on at a time, each as often as the others', async () => {
  const parts: string[] = [];
  const work = async (name: string): Promise<void> => {
    for (let part = 0; part < 3; part += 1) {
      await othersTurn();
      parts.push(name);
    }
  };
  let isOver = false;
  const others = async (): Promise<void> => {
    while (!isOver) {
      await nextRound();
      parts.push('|');
    }
  };
  const watching = others();
  await Promise.all(['a', 'b', 'c'].map(work));
  isOver = true;
  await watching;
  const rounds = parts.join('').split('|').filter(Boolean);
  assert.deepEqual(rounds, [...'abcabcabc']);
});
