import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

const everyMs = 25;

/** Looks from time to time whether something holds; fails where it does not come within this time of waiting. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = 10_000,
): Promise<void> {
  for (let waitedMs = 0; waitedMs < withinMs; waitedMs += everyMs) {
    if (await holds()) return;
    await sleep(everyMs);
  }
  assert.fail(`it never came: ${what}`);
}
