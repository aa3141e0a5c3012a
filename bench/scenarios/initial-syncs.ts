import { processUsage } from '../load/process-usage.ts';
import { spreadOf } from '../results.ts';
import { eachRound, prepare, type Round } from '../rounds.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { residentMemory } from '../targets/resident-memory.ts';
import { makeWorld, memberCount, roomCount } from './initial-sync.ts';

/** What the clients ask for, and how many of them at once. */
const questions = [
  { timeline: 1, lazy: true },
  { timeline: 5, lazy: true },
  { timeline: 20, lazy: true },
  { timeline: 10, lazy: false },
] as const;
const userCounts = [1, 50] as const;

export const initialSyncs: Scenario = {
  name: 'initial-syncs',
  title: 'Initial syncs at once',
  about:
    `The first \`/sync\` of users in ${roomCount} rooms of ${memberCount} members, for timelines of several ` +
    'lengths, with members loaded lazily or all of them: the median over the users of the time until the whole ' +
    'answer is read, the server’s CPU time for each, and its memory right after.',
  roundsMax: 1,
  async run(bench) {
    const prepared = await prepare(bench, makeWorld);
    const tokens = prepared.world.map(({ token }) => token);
    await eachRound(bench, prepared, async (round) => {
      for (const question of questions) {
        for (const users of userCounts) {
          await measure(bench, round, question, tokens.slice(0, users));
        }
      }
    });
  },
};

async function measure(
  bench: Bench,
  { soma, index }: Round,
  { timeline, lazy }: (typeof questions)[number],
  tokens: readonly string[],
): Promise<void> {
  const filter = { room: { state: { lazy_load_members: lazy }, timeline: { limit: timeline } } };
  const path = `/_matrix/client/v3/sync?timeout=0&filter=${encodeURIComponent(JSON.stringify(filter))}`;
  await soma.restart();
  const job = { kind: 'fetch', port: soma.port, path, times: 1 } as const;
  // The first answer after a start is measured elsewhere.
  await bench.load.fetch({ ...job, tokens: tokens.slice(0, 1) });
  const before = processUsage(soma.pid());
  const { timesMs, wholeMs, bytes } = await bench.load.fetch({ ...job, tokens });
  const cpuMs = (processUsage(soma.pid()).cpuMs - before.cpuMs) / tokens.length;
  const megabytes = residentMemory(soma.pid()).total / 1e6;
  const title = `timeline ${timeline}, ${lazy ? 'lazy' : 'all'} members, users: ${tokens.length}`;
  const timeMs = spreadOf(timesMs)?.median ?? Number.NaN;
  bench.record({
    measure: title,
    pair: index,
    server: soma.name,
    figures: { timeMs, cpuMs, megabytes },
  });
  bench.tell(
    `${title}: ${timeMs.toFixed(0)} ms, the last ${wholeMs.toFixed(0)} ms, ${bytes} bytes each, ` +
      `${cpuMs.toFixed(0)} ms CPU each, ${megabytes.toFixed(0)} MB`,
  );
}
