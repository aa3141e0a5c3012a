import { test } from 'node:test';

import { assertConverges } from './assert-converges.ts';

for (let seed = 70001; seed <= 70008; seed += 1) {
  test(`five servers agree although people do more than the usual: seed ${seed}`, () =>
    assertConverges(String(seed), true));
}
