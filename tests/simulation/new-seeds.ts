import { readCheckout } from '../../packages/homeserver/src/config/checkout.ts';

/** Parts of the new seeds: each file that runs some takes one of its own, since files run at the same time. */
const partsMax = 10;
const seedsPerPartMax = 100;

/**
 * Seeds that follow from the commit: each change has new ones, which are the same for everybody who tests it. Without
 * a checkout they follow from the minute; call it before the clock is the simulation's.
 */
export function newSeeds(part: number, count: number): string[] {
  const checkout = readCheckout();
  const base =
    checkout === undefined ? Math.floor(Date.now() / 60_000) : Number.parseInt(checkout.commit, 16);
  const first = (base * partsMax + part) * seedsPerPartMax;
  return Array.from({ length: count }, (_, index) => String(first + index));
}
