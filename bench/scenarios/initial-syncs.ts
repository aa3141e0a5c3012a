import { processUsage } from '../load/process-usage.ts';
import { spreadOf } from '../results.ts';
import { eachRound, prepare, type Round } from '../rounds.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { residentMemory } from '../targets/resident-memory.ts';
import type { ServerUnderTest } from '../targets/server-under-test.ts';
import { countEvents, fillBare } from './initial-sync-events.ts';
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
    'answer is read, the server’s CPU time for each, and its memory right after. The bare reference reads as many ' +
    'events from its database and sends them.',
  roundsMax: 1,
  async run(bench) {
    const prepared = await prepare(bench, makeWorld);
    const tokens = prepared.world.map(({ token }) => token);
    await eachRound(bench, prepared, async (round) => {
      let filled = 0;
      for (const question of questions) {
        const { timeline } = question;
        const path = syncPath(question);
        const [token = ''] = tokens;
        const expected = { rooms: roomCount, timeline };
        const events = await countEvents(round.soma, token, path, expected);
        await fillBare(bench, round.bare, prepared.world, Math.max(1, events - filled));
        filled = Math.max(events, filled);
        for (const users of userCounts) {
          const asking = tokens.slice(0, users);
          const title = `timeline ${timeline}, ${question.lazy ? 'lazy' : 'all'} members, users: ${users}`;
          const barePath = `/bare/events?count=${events}`;
          await round.both((server) =>
            measure(bench, round, server, title, server.name === 'soma' ? path : barePath, asking),
          );
        }
      }
    });
  },
};

function syncPath({ timeline, lazy }: (typeof questions)[number]): string {
  const filter = { room: { state: { lazy_load_members: lazy }, timeline: { limit: timeline } } };
  return `/_matrix/client/v3/sync?timeout=0&filter=${encodeURIComponent(JSON.stringify(filter))}`;
}

async function measure(
  bench: Bench,
  { index }: Round,
  server: ServerUnderTest,
  title: string,
  path: string,
  tokens: readonly string[],
): Promise<void> {
  await server.restart();
  const job = { kind: 'fetch', port: server.port, path, times: 1 } as const;
  // The first answer after a start is measured elsewhere.
  await bench.load.fetch({ ...job, tokens: tokens.slice(0, 1) });
  const before = processUsage(server.pid());
  const { timesMs, wholeMs, bytes } = await bench.load.fetch({ ...job, tokens });
  const cpuMs = (processUsage(server.pid()).cpuMs - before.cpuMs) / tokens.length;
  const megabytes = residentMemory(server.pid()).total / 1e6;
  const timeMs = spreadOf(timesMs)?.median ?? Number.NaN;
  const figures = { timeMs, cpuMs, megabytes };
  bench.record({ measure: title, pair: index, server: server.name, figures });
  bench.tell(
    `${title}, ${server.name}: ${timeMs.toFixed(0)} ms, the last ${wholeMs.toFixed(0)} ms, ` +
      `${bytes} bytes each, ${cpuMs.toFixed(0)} ms CPU each, ${megabytes.toFixed(0)} MB`,
  );
}
