import assert from 'node:assert/strict';

import { simulate } from './simulate.ts';
import type { Outcome } from './world.ts';

/** As `npm run simulate` runs a seed. */
const minutes = 10;

/** Runs a seed; what must not be is in the message, with how to see it again. */
export async function assertConverges(seed: string): Promise<Outcome> {
  const outcome = await simulate({ seed, minutes }).catch((error: unknown) => {
    throw new Error(again(seed), { cause: error });
  });
  assert.deepEqual(outcome.problems, [], again(seed));
  return outcome;
}

function again(seed: string): string {
  return `npm run simulate -- --seed ${seed} --minutes ${minutes} --trace shows it again`;
}
