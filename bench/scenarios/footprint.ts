import { setTimeout as sleep } from 'node:timers/promises';

import type { Figures } from '../figures.ts';
import type { Sender } from '../load/jobs.ts';
import { spreadOf } from '../results.ts';
import { eachRound, prepare, type Round } from '../rounds.ts';
import type { Bench, Scenario } from '../scenario.ts';
import type { MatrixClients } from '../setup/matrix-clients.ts';
import { registerUsers } from '../setup/register-users.ts';
import { createRooms } from '../setup/rooms.ts';
import { residentMemory } from '../targets/resident-memory.ts';
import type { ServerUnderTest } from '../targets/server-under-test.ts';
import { startBare } from '../targets/start-bare.ts';
import { startSoma } from '../targets/start-soma.ts';

const eventCount = 100_000;
const roomCount = 10;
const restarts = 3;
/** After the load, before memory is read: what is collected by then is not counted. */
const restMs = 3000;
const timeMaxMs = 300_000;

export const footprint: Scenario = {
  name: 'footprint',
  title: 'Memory, start-up time and disk',
  about:
    `Resident memory of the process right after its start on an empty database, and after it ` +
    `took ${eventCount.toLocaleString('en')} messages in ${roomCount} rooms from 64 workers. ` +
    'Start-up is from the start of the process to the first 200 on `/_matrix/client/versions`; ' +
    'an empty database includes making the schema and the signing key. Disk is how much the ' +
    'database grew, all indexes included, over the number of messages, after a clean stop.',
  roundsMax: 3,
  async run(bench) {
    await measureEmpty(bench);
    const prepared = await prepare(bench, makeSenders);
    await eachRound(bench, prepared, async (round) => {
      await round.both((server) => measureFull(bench, round, server, prepared.world));
    });
  },
};

async function measureEmpty(bench: Bench): Promise<void> {
  for (let round = 0; round < bench.rounds; round += 1) {
    for (const server of [await startSoma(bench.home), await startBare()]) {
      const memory = memoryOf(server);
      take(bench, round, server, 'start on an empty database', { timeMs: server.startMs() });
      take(bench, round, server, 'memory after the start', memory);
      await server.dispose();
    }
  }
}

async function makeSenders(clients: MatrixClients): Promise<Sender[]> {
  const users = await registerUsers(clients, roomCount);
  const roomIds = await createRooms(clients, users);
  return users.map(({ token }, index) => ({ token, roomIds: roomIds.slice(index, index + 1) }));
}

async function measureFull(
  bench: Bench,
  round: Round,
  server: ServerUnderTest,
  senders: readonly Sender[],
): Promise<void> {
  await server.restart();
  const bytesBefore = await sizeWhenStopped(server);
  const { sends } = await bench.load.send({
    kind: 'send',
    port: server.port,
    serverPid: server.pid(),
    workers: 64,
    senders,
    warmupMs: 0,
    timeMaxMs,
    sendsMax: eventCount,
    followers: [],
  });
  if (sends < eventCount) throw new Error(`only ${sends} messages in ${timeMaxMs} ms`);
  await sleep(restMs);
  const title = `${eventCount.toLocaleString('en')} messages`;
  const memory = memoryOf(server);
  take(bench, round.index, server, `memory after ${title}`, memory);
  const grown = (await sizeWhenStopped(server)) - bytesBefore;
  const starts = [server.startMs()];
  while (starts.length < restarts) {
    await server.restart();
    starts.push(server.startMs());
  }
  const timeMs = spreadOf(starts)?.median ?? Number.NaN;
  take(bench, round.index, server, `start on ${title}`, { timeMs });
  take(bench, round.index, server, 'disk per message', { bytes: grown / eventCount });
}

function memoryOf(server: ServerUnderTest): Figures {
  const { total, ownOnly } = residentMemory(server.pid());
  return { megabytes: total / 1e6, ownMegabytes: ownOnly / 1e6 };
}

/** Stops it for an exact size, and starts it again. */
async function sizeWhenStopped(server: ServerUnderTest): Promise<number> {
  await server.stop();
  const bytes = await server.databaseBytes();
  await server.restart();
  return bytes;
}

function take(
  bench: Bench,
  pair: number,
  { name }: ServerUnderTest,
  measure: string,
  figures: Figures,
): void {
  bench.record({ measure, pair, server: name, figures });
  const texts = Object.values(figures).map((figure) => figure.toFixed(1));
  bench.tell(`${measure}, ${name}: ${texts.join(', ')}`);
}
