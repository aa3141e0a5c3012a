import type { Sender } from '../load/jobs.ts';
import { eachRound, prepare } from '../rounds.ts';
import type { Scenario } from '../scenario.ts';
import type { MatrixClients } from '../setup/matrix-clients.ts';
import { registerUsers } from '../setup/register-users.ts';
import { createRooms } from '../setup/rooms.ts';

const clientCount = 30;
const roomCount = 60;

export const joins: Scenario = {
  name: 'joins',
  title: 'Joins',
  about:
    `${clientCount} clients at once, each of which joins ${roomCount} public rooms one after the ` +
    'other; nobody but their creator is in them before. The bare reference takes as many messages ' +
    'from as many workers: one row for each join.',
  roundsMax: 5,
  async run(bench) {
    const prepared = await prepare(bench, makeClients);
    const clients = prepared.world;
    await eachRound(bench, prepared, async (round) => {
      const { soma, bare, index } = round;
      const measure = `${clientCount} clients, ${roomCount} rooms`;
      await round.both(async ({ name }) => {
        if (name === 'soma') {
          const { ratePerSecond, latency } = await bench.load.join({
            kind: 'join',
            port: soma.port,
            clients,
          });
          const figures = { joinsPerSecond: ratePerSecond, ...timesOf(latency) };
          bench.record({ measure, pair: index, server: 'soma', figures });
          bench.tell(`${ratePerSecond.toFixed(0)} joins per second`);
          return;
        }
        const { ratePerSecond, latency } = await bench.load.send({
          kind: 'send',
          port: bare.port,
          serverPid: bare.pid(),
          workers: clientCount,
          senders: clients,
          warmupMs: 0,
          timeMaxMs: 60_000,
          sendsMax: clientCount * roomCount,
          followers: [],
        });
        const figures = { joinsPerSecond: ratePerSecond, ...timesOf(latency) };
        bench.record({ measure, pair: index, server: 'bare', figures });
      });
    });
  },
};

function timesOf({ p50Ms, p99Ms }: { p50Ms: number; p99Ms: number }) {
  return { p50Ms, p99Ms };
}

async function makeClients(clients: MatrixClients): Promise<Sender[]> {
  const [creator, ...users] = await registerUsers(clients, clientCount + 1);
  if (creator === undefined) throw new Error('there are no users');
  const roomIds = await createRooms(
    clients,
    Array.from({ length: roomCount }, () => creator),
  );
  return users.map(({ token }) => ({ token, roomIds }));
}
