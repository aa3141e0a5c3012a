import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assertConverges } from './assert-converges.ts';
import { simulate } from './simulate.ts';

test('a seed is the same run each time', async () => {
  const options = { minutes: 3, actions: 20, rooms: 1, servers: 3 };
  const first = await simulate({ ...options, seed: 'one' });
  const again = await simulate({ ...options, seed: 'one' });
  assert.deepEqual(again, first);
  const other = await simulate({ ...options, seed: 'another' });
  assert.notEqual(other.digest, first.digest);
});

// The same seeds in each run, so that a red run is the doing of the change at hand; `npm run simulate` tries others.
for (const seed of Array.from({ length: 25 }, (_, index) => String(1 + index))) {
  test(`five servers agree after a bad network and restarts: seed ${seed}`, async () => {
    const { events } = await assertConverges(seed);
    assert.ok(events > 100);
  });
}
