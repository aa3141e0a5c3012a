import { setTimeout as sleep } from 'node:timers/promises';

import { createTestAuthority } from '../../tests/harness/test-certificates.ts';
import { startFederatedSoma, type FederatedSoma } from '../federation/federated-soma.ts';
import { LocalClient } from '../federation/local-client.ts';
import { inParallel } from '../in-parallel.ts';
import { processUsage } from '../load/process-usage.ts';
import type { Bench, Scenario } from '../scenario.ts';

const roomCount = 200;
const messagesPerRoom = 25;
const requestsAtOnce = 20;
/** Few, so that what is measured is not the looking. */
const looksAtOnce = 2;
const caughtUpMsMax = 300_000;
const pollMs = 200;

export const federationCatchUp: Scenario = {
  name: 'federation-catch-up',
  title: 'Catching up after a partition',
  about:
    `Two Somas share ${roomCount} rooms. While one of them does not run, a user of the other one writes ` +
    `${messagesPerRoom} messages into each room; then the same the other way round. The time is from the ` +
    'moment at which both serve again until both have all messages (wanted: within 60,000 ms). The CPU ' +
    'is of both together.',
  roundsMax: 3,
  async run(bench) {
    const authority = createTestAuthority();
    for (let round = 0; round < bench.rounds; round += 1) {
      const one = await startFederatedSoma(bench, authority);
      try {
        const two = await startFederatedSoma(bench, authority);
        try {
          await measureRound(bench, round, one, two);
        } finally {
          await two.dispose();
        }
      } finally {
        await one.dispose();
      }
    }
  },
};

/** A server and its user. */
interface Side {
  readonly soma: FederatedSoma;
  readonly user: LocalClient;
}

async function measureRound(
  bench: Bench,
  round: number,
  one: FederatedSoma,
  two: FederatedSoma,
): Promise<void> {
  const [here, there] = [await sideOf(one), await sideOf(two)];
  const numbers = Array.from({ length: roomCount }, (_, number) => number);
  const roomIds = await overAll(here, numbers, (client) => client.createRoom());
  await overAll(there, roomIds, (client, roomId) => client.join(roomId, one.serverName));
  await two.stop();
  const fromHere = await write(here, roomIds);
  await one.stop();
  await two.restart();
  const fromThere = await write(there, roomIds);
  await one.restart();
  const startedAt = performance.now();
  const usedMs = cpuMsOf(one, two);
  await Promise.all([untilAllThere(here, fromThere), untilAllThere(there, fromHere)]);
  const timeMs = performance.now() - startedAt;
  const cpuMs = cpuMsOf(one, two) - usedMs;
  const measure = `${roomCount} rooms, ${messagesPerRoom} messages each way`;
  bench.record({ measure, pair: round, server: 'soma', figures: { timeMs, cpuMs } });
  bench.tell(`${measure}: ${timeMs.toFixed(0)} ms, CPU ${cpuMs.toFixed(0)} ms`);
}

async function sideOf(soma: FederatedSoma): Promise<Side> {
  const user = await LocalClient.register(soma.port, 'user');
  user.close();
  return { soma, user };
}

/** Works on all items over some connections; a server that was restarted has no older ones. */
async function overAll<Item, Result>(
  { user }: Side,
  items: readonly Item[],
  work: (client: LocalClient, item: Item) => Promise<Result>,
  atOnce = requestsAtOnce,
): Promise<Result[]> {
  const clients = Array.from({ length: atOnce }, () => user.again());
  try {
    return await inParallel(items, atOnce, (item, worker) => {
      const client = clients[worker];
      if (client === undefined) throw new Error('there is no connection');
      return work(client, item);
    });
  } finally {
    for (const client of clients) client.close();
  }
}

interface Written {
  readonly roomId: string;
  readonly eventIds: readonly string[];
}

function write(side: Side, roomIds: readonly string[]): Promise<Written[]> {
  return overAll(side, roomIds, async (client, roomId) => {
    const eventIds: string[] = [];
    for (let sent = 0; sent < messagesPerRoom; sent += 1) eventIds.push(await client.send(roomId));
    return { roomId, eventIds };
  });
}

async function untilAllThere(side: Side, written: readonly Written[]): Promise<void> {
  const deadline = performance.now() + caughtUpMsMax;
  const look = async (client: LocalClient, { roomId, eventIds }: Written): Promise<void> => {
    for (const eventId of eventIds) {
      while (!(await client.has(roomId, eventId))) {
        if (performance.now() > deadline) throw new Error('not all messages came in');
        await sleep(pollMs);
      }
    }
  };
  await overAll(side, written, look, looksAtOnce);
}

function cpuMsOf(...somas: readonly FederatedSoma[]): number {
  return somas.reduce((sum, soma) => sum + processUsage(soma.pid()).cpuMs, 0);
}
