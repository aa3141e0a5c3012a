import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { MatrixError } from '../errors/matrix-error.ts';
import { ServerRateLimiter } from './server-rate-limit.ts';
import type { EndTurn } from './server-rate-limit.ts';

const rates = { windowMs: 1_000, sleepLimit: 100, sleepMs: 30, rejectLimit: 2, concurrent: 2 };

/** Which of the promises have been kept by now. */
async function kept(promises: readonly Promise<unknown>[]): Promise<boolean[]> {
  const pending = Symbol('pending');
  const states = promises.map((each) => Promise.race([each, sleep(0, pending)]));
  return (await Promise.all(states)).map((state) => state !== pending);
}

test('so many requests of a server run at once, and the others wait in order', async () => {
  const limiter = new ServerRateLimiter(rates);
  const turns = Array.from({ length: 4 }, () => limiter.enter('one.test'));
  const other = limiter.enter('other.test');
  assert.deepEqual(await kept([...turns, other]), [true, true, false, false, true]);
  const [first] = await Promise.all(turns.slice(0, 1));
  first?.();
  first?.();
  assert.deepEqual(await kept(turns), [true, true, true, false]);
});

test('where too many wait, the next is refused', async () => {
  const limiter = new ServerRateLimiter(rates);
  const turns = Array.from({ length: 5 }, () => limiter.enter('one.test'));
  await assert.rejects(limiter.enter('one.test'), (error) => {
    assert.ok(error instanceof MatrixError);
    assert.deepEqual([error.status, error.errcode], [429, 'M_LIMIT_EXCEEDED']);
    return true;
  });
  const ends: EndTurn[] = await Promise.all(turns.slice(0, 2));
  for (const end of ends) end();
  assert.deepEqual(await kept(turns), [true, true, true, true, false]);
  (await limiter.enter('other.test'))();
});

test('a server that asks often within a window is slowed down', async () => {
  let nowMs = 0;
  const limiter = new ServerRateLimiter({ ...rates, sleepLimit: 1 }, () => nowMs);
  (await limiter.enter('one.test'))();
  const slowed = limiter.enter('one.test');
  assert.deepEqual(await kept([slowed]), [false]);
  (await slowed)();
  nowMs = 1_001;
  const later = limiter.enter('one.test');
  assert.deepEqual(await kept([later]), [true]);
  (await later)();
});

test('a server that asks no more is forgotten', async () => {
  const limiter = new ServerRateLimiter({ ...rates, windowMs: 10 });
  (await limiter.enter('one.test'))();
  assert.equal(limiter.size, 1);
  await sleep(50);
  assert.equal(limiter.size, 0);
});
