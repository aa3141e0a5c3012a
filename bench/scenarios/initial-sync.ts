import type { Sender } from '../load/jobs.ts';
import { spreadOf } from '../results.ts';
import { eachRound, prepare, type Round } from '../rounds.ts';
import type { Bench, Scenario } from '../scenario.ts';
import type { MatrixClients } from '../setup/matrix-clients.ts';
import { registerUsers } from '../setup/register-users.ts';
import { createRooms, joinRooms, sendMessages } from '../setup/rooms.ts';
import type { ServerUnderTest } from '../targets/server-under-test.ts';
import { countEvents, fillBare } from './initial-sync-events.ts';

export const roomCount = 300;
export const memberCount = 300;
const messagesPerRoom = 25;
const timelineMax = 20;
const warmFetches = 5;

const filter = JSON.stringify({
  room: { state: { lazy_load_members: true }, timeline: { limit: timelineMax } },
});
const syncPath = `/_matrix/client/v3/sync?timeout=0&filter=${encodeURIComponent(filter)}`;

export const initialSync: Scenario = {
  name: 'initial-sync',
  title: 'Initial sync',
  about:
    `The first \`/sync\` of a user in ${roomCount} rooms of ${memberCount} members, members loaded ` +
    `lazily, timeline of ${timelineMax}: until the whole answer is read, first after a start, then ` +
    `the median of ${warmFetches} more. The bare reference reads as many events from its ` +
    'database and sends them.',
  roundsMax: 3,
  async run(bench) {
    const prepared = await prepare(bench, makeWorld);
    const [sender] = prepared.world;
    if (sender === undefined) throw new Error('there are no users');
    await eachRound(bench, prepared, async (round) => {
      const { token } = sender;
      await measureOn(bench, round, round.soma, syncPath, token);
      const expected = { rooms: roomCount, timeline: timelineMax };
      const events = await countEvents(round.soma, token, syncPath, expected);
      await fillBare(bench, round.bare, prepared.world, events);
      await round.bare.restart();
      await measureOn(bench, round, round.bare, `/bare/events?count=${events}`, token);
    });
  },
};

export async function makeWorld(clients: MatrixClients): Promise<Sender[]> {
  const users = await registerUsers(clients, memberCount);
  const owners = Array.from({ length: roomCount }, (_, index) => users[index % memberCount]);
  const roomIds = await createRooms(
    clients,
    owners.flatMap((owner) => owner ?? []),
  );
  const pairs = roomIds.flatMap((roomId, room) =>
    users.map((user, index) => ({ user, roomId, owns: index === room % memberCount })),
  );
  await joinRooms(
    clients,
    pairs.filter(({ owns }) => !owns),
  );
  const sends = pairs.filter((_, index) => index % memberCount < messagesPerRoom);
  await sendMessages(clients, sends);
  return users.map(({ token }) => ({ token, roomIds }));
}

async function measureOn(
  bench: Bench,
  round: Round,
  server: ServerUnderTest,
  path: string,
  token: string,
): Promise<void> {
  const { port, name } = server;
  const job = { kind: 'fetch', port, path, tokens: [token], times: warmFetches + 1 } as const;
  const { timesMs, bytes } = await bench.load.fetch(job);
  const [first = Number.NaN, ...warm] = timesMs;
  const later = spreadOf(warm)?.median ?? Number.NaN;
  const take = (measure: string, figures: { timeMs?: number; megabytes?: number }): void =>
    bench.record({ measure, pair: round.index, server: name, figures });
  take('first after a start', { timeMs: first });
  take('later', { timeMs: later });
  take('size of the answer', { megabytes: bytes / 1e6 });
  bench.tell(
    `initial sync, ${name}: ${first.toFixed(0)} ms, then ${later.toFixed(0)} ms, ${bytes} bytes`,
  );
}
