import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sources = ['packages/*/src/**/*.ts', 'tests/simulation/*.ts'];
const seedsMax = 1_000_000_000;

/**
 * Seeds that are others with each change of the sources, and the same for the same sources: so a red run is the doing
 * of what stands there, and every change is tried on seeds that none was tried on before.
 */
export function seedsOfSources(count: number): string[] {
  const hash = createHash('sha256');
  for (const path of globSync(sources, { cwd: root }).toSorted()) {
    hash.update(path).update(readFileSync(new URL(path, new URL('../../', import.meta.url))));
  }
  const first = hash.digest().readUInt32BE(0) % seedsMax;
  return Array.from({ length: count }, (_, index) => String(first + index));
}
