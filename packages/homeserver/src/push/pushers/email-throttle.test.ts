import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readyAt, throttled } from './email-throttle.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DELAY_MS = 10 * MINUTE_MS;

test('what is new in a room waits until it has been unread for a while', () => {
  assert.equal(readyAt(1_000, DELAY_MS, undefined), 1_000 + DELAY_MS);
});

test('a room that goes on is mailed about once more, and then once a day', () => {
  const spoke = (ts: number) => ({ firstTs: ts, lastTs: ts });
  const first = throttled(undefined, spoke(0), DELAY_MS, DELAY_MS);
  assert.equal(readyAt(DELAY_MS, DELAY_MS, first), 2 * DELAY_MS);
  const second = throttled(first, spoke(DELAY_MS), DELAY_MS, 2 * DELAY_MS);
  assert.equal(readyAt(3 * DELAY_MS, DELAY_MS, second), 2 * DELAY_MS + 24 * HOUR_MS);
  const third = throttled(second, spoke(6 * HOUR_MS), DELAY_MS, 25 * HOUR_MS);
  assert.equal(third.waitMs, 24 * HOUR_MS);
});

test('after twelve hours of silence a room begins anew', () => {
  const before = { lastEventTs: 0, lastSentTs: DELAY_MS, waitMs: 24 * HOUR_MS };
  const late = 13 * HOUR_MS;
  const after = throttled(before, { firstTs: late, lastTs: late }, DELAY_MS, 25 * HOUR_MS);
  assert.equal(after.waitMs, DELAY_MS);
});
