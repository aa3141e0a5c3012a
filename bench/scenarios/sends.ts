import type { Sender } from '../load/jobs.ts';
import { eachRound, prepare } from '../rounds.ts';
import type { Bench, Scenario } from '../scenario.ts';
import type { MatrixClients } from '../setup/matrix-clients.ts';
import { registerUsers } from '../setup/register-users.ts';
import { createRooms, joinRooms } from '../setup/rooms.ts';
import type { BareWriter } from '../targets/start-bare.ts';
import { measureSends, warmUp } from './measure-sends.ts';

const members = 10;

interface Load {
  readonly title: string;
  readonly workers: number;
  readonly ratioWanted: number;
}

const oneByOne: readonly Load[] = [{ title: '1 worker', workers: 1, ratioWanted: 0.45 }];
const atOnce: readonly Load[] = [
  { title: '10 workers', workers: 10, ratioWanted: 0.5 },
  { title: '64 workers', workers: 64, ratioWanted: 0.5 },
];

export const sends: Scenario = {
  name: 'sends',
  title: 'Sends into one room',
  about:
    `A room of ${members} members, all on this server, of whom none syncs; its members send in ` +
    'turn, each worker over a keep-alive connection with one request at a time. The bare ' +
    'reference commits on a thread of its own, but for 1 worker on the thread that serves, ' +
    'since each is the faster way there.',
  roundsMax: 20,
  async run(bench) {
    await runLoads(bench, oneByOne, 'inline');
    await runLoads(bench, atOnce, 'thread');
  },
};

async function runLoads(
  bench: Bench,
  loads: readonly Load[],
  bareWriter: BareWriter,
): Promise<void> {
  const prepared = await prepare(bench, makeSenders);
  const senders = prepared.world;
  await eachRound(
    bench,
    prepared,
    async (round) => {
      await warmUp(bench, round, senders);
      for (const load of loads) await measureSends(bench, round, { ...load, senders });
    },
    bareWriter,
  );
}

async function makeSenders(clients: MatrixClients): Promise<Sender[]> {
  const users = await registerUsers(clients, members);
  const roomIds = await createRooms(clients, users.slice(0, 1));
  const joins = users.slice(1).flatMap((user) => roomIds.map((roomId) => ({ user, roomId })));
  await joinRooms(clients, joins);
  return users.map(({ token }) => ({ token, roomIds }));
}
