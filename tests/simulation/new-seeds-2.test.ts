import { test } from 'node:test';

import { assertConverges } from './assert-converges.ts';
import { newSeeds } from './new-seeds.ts';

for (const seed of newSeeds(2, 10)) {
  test(`five servers agree after a bad network and restarts: seed ${seed}`, () =>
    assertConverges(seed));
}
