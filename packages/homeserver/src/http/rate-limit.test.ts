import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { LimitExceededError } from '../errors/matrix-error.ts';
import { RateLimiter } from './rate-limit.ts';

test('a burst passes, then actions pass at the rate', () => {
  const limiter = new RateLimiter({ perSecond: 0.1, burstCount: 1 });
  assert.equal(limiter.tryAction('a', 0).allowed, true);
  assert.deepEqual(limiter.tryAction('a', 5_000), { allowed: false, allowedAtMs: 10_000 });
  assert.equal(limiter.tryAction('a', 10_000).allowed, true);
  assert.equal(limiter.tryAction('b', 5_000).allowed, true);
});

test('a refusal tells how long to wait, in the body and as a header', () => {
  const limiter = new RateLimiter({ perSecond: 0.2, burstCount: 2 });
  limiter.check('a', 1_000);
  limiter.check('a', 1_000);
  assert.throws(
    () => limiter.check('a', 1_500),
    (error: unknown) => {
      assert.ok(error instanceof LimitExceededError);
      assert.equal(error.status, 429);
      assert.deepEqual(error.body(), {
        errcode: 'M_LIMIT_EXCEEDED',
        error: 'Too many requests',
        retry_after_ms: 4_500,
      });
      assert.deepEqual(error.headers(), { 'Retry-After': '5' });
      return true;
    },
  );
  limiter.check('a', 6_000);
});

test('a refused action is not counted, and asking without counting is not either', () => {
  const limiter = new RateLimiter({ perSecond: 1, burstCount: 3 });
  assert.equal(limiter.tryAction('a', 0, { actions: 4 }).allowed, false);
  assert.equal(limiter.tryAction('a', 0, { actions: 3, counts: false }).allowed, true);
  assert.equal(limiter.tryAction('a', 0, { actions: 3 }).allowed, true);
  assert.equal(limiter.tryAction('a', 0).allowed, false);
});

test('recorded actions go beyond the limit and can be given back', () => {
  const limiter = new RateLimiter({ perSecond: 1, burstCount: 2 });
  limiter.record('room', 5, 0);
  assert.equal(limiter.tryAction('room', 3_000).allowed, false);
  assert.equal(limiter.tryAction('room', 4_000).allowed, true);
  limiter.record('room', -2, 4_000);
  assert.equal(limiter.tryAction('room', 4_000).allowed, true);
});

test('a rate of zero never allows again and says no time', () => {
  const limiter = new RateLimiter({ perSecond: 0, burstCount: 1 });
  limiter.check('a', 0);
  assert.throws(
    () => limiter.check('a', 1e12),
    (error: unknown) => error instanceof LimitExceededError && error.headers() === undefined,
  );
});

test('an override replaces the limit of one check', () => {
  const limiter = new RateLimiter({ perSecond: 0, burstCount: 0 });
  const limit = { perSecond: 1, burstCount: 2 };
  limiter.check('a', 0, { limit });
  limiter.check('a', 0, { limit });
  assert.throws(() => limiter.check('a', 0, { limit }), LimitExceededError);
});

test('empty buckets are forgotten, and the number of full ones is bounded', () => {
  const limiter = new RateLimiter({ perSecond: 1, burstCount: 5 }, { bucketsMax: 5_000 });
  for (let index = 0; index < 50_000; index += 1) limiter.check(`k${index}`, index);
  assert.ok(limiter.size <= 3_000, `${limiter.size} buckets`);
  for (let index = 0; index < 50_000; index += 1) limiter.check(`f${index}`, 60_000);
  assert.ok(limiter.size <= 6_000, `${limiter.size} buckets`);
});

test('no window lets through more than the burst and the rate', () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 2_000 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 5 }), (waitsMs, burstCount) => {
      const limiter = new RateLimiter({ perSecond: 2, burstCount });
      const passedMs: number[] = [];
      let nowMs = 0;
      for (const waitMs of waitsMs) {
        nowMs += waitMs;
        if (limiter.tryAction('a', nowMs).allowed) passedMs.push(nowMs);
      }
      passedMs.forEach((fromMs, from) => {
        passedMs.slice(from).forEach((toMs, more) => {
          assert.ok(more + 1 <= burstCount + ((toMs - fromMs) * 2) / 1000 + 1e-9);
        });
      });
    }),
    { numRuns: 100 },
  );
});
