import type { Database } from '../storage/database.ts';
import { readAge, readTotals, readTypes } from './report-store.ts';
import type { Usage } from './report-store.ts';
import { readUsage } from './statistics-store.ts';

/** What the media repository holds, by who and what; the largest come first. */
export interface MediaReport {
  readonly totals: readonly Usage[];
  readonly users: readonly Usage[];
  readonly types: readonly Usage[];
  readonly ages: readonly Usage[];
}

const dayMs = 86_400_000;
const ages: readonly (readonly [string, number])[] = [
  ['up to a day', 1],
  ['up to a week', 7],
  ['up to a month', 30],
  ['up to 3 months', 91],
  ['up to a year', 365],
  ['older', Number.POSITIVE_INFINITY],
];

export async function mediaReport(
  { reader }: Database,
  nowMs: number,
  entriesMax: number,
): Promise<MediaReport> {
  const { users } = await readUsage(reader, {
    from: 0,
    limit: entriesMax,
    order: 'media_length',
    isDescending: true,
    fromTs: 0,
    untilTs: undefined,
    searchTerm: undefined,
  });
  return {
    totals: await readTotals(reader),
    users: users.map(({ userId: name, count, bytes }) => ({ name, count, bytes })),
    types: largestFirst(await readTypes(reader)).slice(0, entriesMax),
    ages: await readAges(reader, nowMs),
  };
}

export function largestFirst(usages: readonly Usage[]): Usage[] {
  return usages.toSorted((a, b) => b.bytes - a.bytes || a.name.localeCompare(b.name));
}

async function readAges(reader: Database['reader'], nowMs: number): Promise<Usage[]> {
  const found: Usage[] = [];
  let untilTs = Number.MAX_SAFE_INTEGER;
  for (const [name, days] of ages) {
    const afterTs = Math.max(-1, nowMs - days * dayMs);
    found.push({ name, ...(await readAge(reader, afterTs, untilTs)) });
    untilTs = afterTs;
  }
  return found;
}
