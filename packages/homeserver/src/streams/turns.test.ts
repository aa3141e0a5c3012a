import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { Turn, WaitingLine } from './turns.ts';

test('no more run than there are places, and all of them in the end', async () => {
  const line = new WaitingLine(2);
  let running = 0;
  let most = 0;
  const results = await Promise.allSettled(
    Array.from({ length: 7 }, (_, index) =>
      line.run(async () => {
        running += 1;
        most = Math.max(most, running);
        await nextTurn();
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
  const turn = new Turn();
  let others = 0;
  const timer = setInterval(() => (others += 1), 0);
  const endMs = performance.now() + 60;
  while (performance.now() < endMs) await turn.pauseIfDue();
  clearInterval(timer);
  assert.ok(others > 0);
});
