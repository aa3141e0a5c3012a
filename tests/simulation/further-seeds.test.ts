import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assertConverges } from './assert-converges.ts';
import { seedsOfSources } from './seeds.ts';

for (const seed of seedsOfSources(50).slice(25)) {
  test(`five servers agree after a bad network and restarts: seed ${seed}`, async () => {
    const { events } = await assertConverges(seed);
    assert.ok(events > 100);
  });
}
