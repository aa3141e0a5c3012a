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

/** Each has found a fault of the servers, or of what is asked of them here. */
const tellingSeeds = [
  159, 2108, 2110, 10006, 10011, 10063, 100_189, 200_123, 200_124, 300_152, 300_207, 300_227,
  300_287, 300_401, 400_070, 700_367, 700_445, 720_131, 910_053, 1_110_113, 1_110_132, 1_410_173,
  1_410_178, 1_410_342, 1_510_348, 1_610_210, 1_610_361, 1_710_472, 29_927_787_209,
  673_465_940_976_306,
];

for (const seed of tellingSeeds.map(String)) {
  test(`five servers agree after a bad network and restarts: seed ${seed}`, () =>
    assertConverges(seed));
}
