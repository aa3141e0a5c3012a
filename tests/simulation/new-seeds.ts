/** Parts of the new seeds: each file that runs some takes one of its own, since files run at the same time. */
const partsMax = 10;
const seedsPerPartMax = 100;

/** Seeds that no run has had before. To be called before the clock is the simulation's. */
export function newSeeds(part: number, count: number): string[] {
  const minute = Math.floor(Date.now() / 60_000);
  const first = (minute * partsMax + part) * seedsPerPartMax;
  return Array.from({ length: count }, (_, index) => String(first + index));
}
