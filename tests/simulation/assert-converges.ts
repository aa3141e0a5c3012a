import assert from 'node:assert/strict';

import { simulate } from './simulate.ts';

/** As `npm run simulate` runs a seed. */
const minutes = 10;

/** Runs a seed; what must not be is in the message, with how to see it again. */
export async function assertConverges(seed: string, isWide = false): Promise<void> {
  const wide = isWide ? ' --wide' : '';
  const again = `npm run simulate -- --seed ${seed} --minutes ${minutes}${wide} --trace shows it again`;
  const outcome = await simulate({ seed, minutes, isWide }).catch((error: unknown) => {
    throw new Error(again, { cause: error });
  });
  assert.deepEqual(outcome.problems, [], again);
  assert.ok(outcome.events > 100);
}
