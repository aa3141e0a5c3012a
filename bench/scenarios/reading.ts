import { listAt } from '../../tests/harness/json-path.ts';
import type { Sender } from '../load/jobs.ts';
import { spreadOf } from '../results.ts';
import { eachRound, prepare, type Round } from '../rounds.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { MatrixClients } from '../setup/matrix-clients.ts';
import { registerUsers } from '../setup/register-users.ts';
import { createRooms, joinRooms, sendMessages } from '../setup/rooms.ts';
import type { ServerUnderTest } from '../targets/server-under-test.ts';

const memberCount = 1000;
const messageCount = 1000;
const pageSize = 100;
const fetches = 50;

export const reading: Scenario = {
  name: 'reading',
  title: 'Reading a room',
  about:
    `A page of ${pageSize} messages and the list of members of a room with ` +
    `${memberCount.toLocaleString('en')} members, one request after the other, the median of ` +
    `${fetches}. The bare reference reads as many rows from its database and sends them.`,
  roundsMax: 5,
  async run(bench) {
    const prepared = await prepare(bench, makeWorld);
    const { reader, senders } = prepared.world;
    await eachRound(bench, prepared, async (round) => {
      await fill(bench, round.bare, senders);
      const base = `/_matrix/client/v3/rooms/${encodeURIComponent(reader.roomIds[0] ?? '')}`;
      const messages = `${base}/messages?dir=b&limit=${pageSize}`;
      const measures = [
        [`/messages, ${pageSize} events`, messages, pageSize],
        [`/members, ${memberCount} members`, `${base}/members`, memberCount],
      ] as const;
      for (const [measure, path, rows] of measures) {
        await checkLength(round.soma, path, reader.token, rows);
        await round.both(async (server) => {
          const asked = server.name === 'soma' ? path : `/bare/events?count=${rows}`;
          await measureOn(bench, round, server, { measure, path: asked, token: reader.token });
        });
      }
    });
  },
};

interface World {
  readonly reader: Sender;
  readonly senders: readonly Sender[];
}

async function makeWorld(clients: MatrixClients): Promise<World> {
  const users = await registerUsers(clients, memberCount);
  const [owner, ...others] = users;
  if (owner === undefined) throw new Error('there are no users');
  const [roomId = ''] = await createRooms(clients, [owner]);
  await joinRooms(
    clients,
    others.map((user) => ({ user, roomId })),
  );
  const sends = Array.from({ length: messageCount }, (_, index) => users[index % memberCount]);
  await sendMessages(
    clients,
    sends.flatMap((user) => (user === undefined ? [] : [{ user, roomId }])),
  );
  const senders = users.slice(0, 64).map(({ token }) => ({ token, roomIds: [roomId] }));
  return { reader: { token: owner.token, roomIds: [roomId] }, senders };
}

async function measureOn(
  bench: Bench,
  round: Round,
  { port, name }: ServerUnderTest,
  { measure, path, token }: { measure: string; path: string; token: string },
): Promise<void> {
  const job = { kind: 'fetch', port, path, tokens: [token], times: fetches } as const;
  const { timesMs } = await bench.load.fetch(job);
  const p50Ms = spreadOf(timesMs)?.median ?? Number.NaN;
  bench.record({ measure, pair: round.index, server: name, figures: { p50Ms } });
  bench.tell(`${measure}, ${name}: ${p50Ms.toFixed(2)} ms`);
}

/** Throws when the answer does not hold what was asked for. */
async function checkLength(
  { port }: ServerUnderTest,
  path: string,
  token: string,
  length: number,
): Promise<void> {
  const clients = new MatrixClients(port);
  const found = listAt(await clients.call(0, 'GET', path, token), 'chunk').length;
  clients.close();
  if (found !== length) throw new Error(`${path} gave ${found} events`);
}

/** Gives the bare reference at least as many events as are read. */
async function fill(
  bench: Bench,
  bare: ServerUnderTest,
  senders: readonly Sender[],
): Promise<void> {
  await bench.load.send({
    kind: 'send',
    port: bare.port,
    serverPid: bare.pid(),
    workers: 64,
    senders,
    warmupMs: 0,
    timeMaxMs: 60_000,
    sendsMax: memberCount,
    followers: [],
  });
}
