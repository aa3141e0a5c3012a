import assert from 'node:assert/strict';
import { test } from 'node:test';

import { lifetimeMsOf } from './lifetime.ts';
import { lifetimeMsMax, lifetimeMsMin } from './limits.ts';

const nowMs = Date.parse('2026-01-01T00:00:00Z');
const hourMs = 3_600_000;

for (const [headers, expected] of [
  [{}, lifetimeMsMin],
  [{ 'cache-control': 'public, max-age=7200' }, 2 * hourMs],
  [{ 'cache-control': 'MAX-AGE="10800"', age: '3600' }, 2 * hourMs],
  [{ 'cache-control': 'max-age=10' }, lifetimeMsMin],
  [{ 'cache-control': 'max-age=9999999999' }, lifetimeMsMax],
  [{ 'cache-control': 'no-store, max-age=7200' }, lifetimeMsMin],
  [{ 'cache-control': 'no-cache' }, lifetimeMsMin],
  [{ 'cache-control': 'max-age=never' }, lifetimeMsMin],
  [{ expires: 'Thu, 01 Jan 2026 03:00:00 GMT' }, 3 * hourMs],
  [{ expires: 'Thu, 01 Jan 2015 03:00:00 GMT' }, lifetimeMsMin],
  [{ expires: '0' }, lifetimeMsMin],
  [{ 'cache-control': 'max-age=7200', expires: 'Thu, 01 Jan 2026 03:00:00 GMT' }, 2 * hourMs],
] as const) {
  test(`${JSON.stringify(headers)} is good for ${expected} ms`, () => {
    const byName: Readonly<Record<string, string>> = headers;
    assert.equal(
      lifetimeMsOf((name) => byName[name], nowMs),
      expected,
    );
  });
}
