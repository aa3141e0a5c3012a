import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assertConverges } from './assert-converges.ts';

for (const seed of Array.from({ length: 25 }, (_, index) => String(1001 + index))) {
  test(`five servers agree after a bad network and restarts: seed ${seed}`, async () => {
    const { events } = await assertConverges(seed);
    assert.ok(events > 100);
  });
}
