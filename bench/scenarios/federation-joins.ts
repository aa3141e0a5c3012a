import { setTimeout as sleep } from 'node:timers/promises';

import { startPeer, type TestPeer } from '../../tests/harness/peer.ts';
import { createTestAuthority, type TestAuthority } from '../../tests/harness/test-certificates.ts';
import { startFederatedSoma, type FederatedSoma } from '../federation/federated-soma.ts';
import { GeneratedRoom } from '../federation/generated-room.ts';
import { LocalClient } from '../federation/local-client.ts';
import { playResident } from '../federation/play-resident.ts';
import type { Figures } from '../figures.ts';
import { Latencies, type LatencySummary } from '../load/latencies.ts';
import { processUsage } from '../load/process-usage.ts';
import type { Bench, Scenario } from '../scenario.ts';

const serverCount = 5;
const senderCount = 5;
const sendPauseMs = 50;
/** So long the senders are alone, so that what they run is compiled. */
const warmupMs = 2_000;
const wholeMsMax = 300_000;
const pollMs = 50;

/** Members, and the time that the project wants until the user can send. */
const sizes = [
  { members: 1_000, wantedMs: 1_000 },
  { members: 10_000, wantedMs: 2_000 },
  { members: 50_000, wantedMs: 4_000 },
];

export const federationJoins: Scenario = {
  name: 'federation-joins',
  title: 'Joins of rooms on other servers',
  about:
    `A user joins a room that a played server holds, with members of ${serverCount} played servers on ` +
    `this machine. The time is until the user has sent a message (wanted: ${wanted()}), and until ` +
    `the state has all members. Meanwhile ${senderCount} local users send into another room, each ` +
    `${sendPauseMs} ms after the answer to the last message; their latency, and how long the ` +
    'event loop was held up (wanted: p99 below 50 ms), are of the time of the join.',
  roundsMax: 3,
  async run(bench) {
    for (let round = 0; round < bench.rounds; round += 1) {
      const authority = createTestAuthority();
      const peers = await Promise.all(
        Array.from({ length: serverCount }, () => startPeer(authority)),
      );
      try {
        await measureSizes(bench, round, authority, peers);
      } finally {
        await Promise.all(peers.map((peer) => peer.close()));
      }
    }
  },
};

function wanted(): string {
  return sizes
    .map(({ members, wantedMs }) => `${wantedMs / 1000} s for ${members.toLocaleString('en')}`)
    .join(', ');
}

async function measureSizes(
  bench: Bench,
  round: number,
  authority: TestAuthority,
  peers: readonly TestPeer[],
): Promise<void> {
  const [resident] = peers;
  if (resident === undefined) throw new Error('there are no servers');
  const room = new GeneratedRoom(resident);
  for (const { members } of sizes) {
    room.grow(peers, members);
    playResident(resident, room, peers);
    const soma = await startFederatedSoma(bench, authority);
    try {
      await measureJoin(bench, round, soma, resident, room, members);
    } finally {
      await soma.dispose();
    }
  }
}

async function measureJoin(
  bench: Bench,
  round: number,
  soma: FederatedSoma,
  resident: TestPeer,
  room: GeneratedRoom,
  members: number,
): Promise<void> {
  const joiner = await LocalClient.register(soma.port, 'joiner');
  const load = await SteadyLoad.start(soma.port);
  try {
    await sleep(warmupMs);
    await soma.delays();
    load.begin();
    const usedMs = processUsage(soma.pid()).cpuMs;
    const startedAt = performance.now();
    await joiner.join(room.roomId, resident.serverName);
    await joiner.send(room.roomId);
    const timeMs = performance.now() - startedAt;
    await untilWhole(joiner, room);
    const wholeMs = performance.now() - startedAt;
    const cpuMs = processUsage(soma.pid()).cpuMs - usedMs;
    const { p99Ms: delayP99Ms, maxMs: delayMaxMs } = await soma.delays();
    const { p50Ms, p99Ms } = load.end();
    const title = `${members.toLocaleString('en')} members`;
    const record = (measure: string, figures: Figures): void =>
      bench.record({ measure, pair: round, server: 'soma', figures });
    record(`${title}, until the user can send`, { timeMs });
    record(`${title}, until the state is whole`, { timeMs: wholeMs, cpuMs });
    record(`${title}, meanwhile`, { delayP99Ms, delayMaxMs, p50Ms, p99Ms });
    bench.tell(
      `${title}: can send after ${timeMs.toFixed(0)} ms, whole after ${wholeMs.toFixed(0)} ms, CPU ` +
        `${cpuMs.toFixed(0)} ms; delay p99 ${delayP99Ms.toFixed(1)}, at most ${delayMaxMs.toFixed(1)} ms; ` +
        `sends p50 ${p50Ms.toFixed(1)}, p99 ${p99Ms.toFixed(1)} ms`,
    );
  } finally {
    await load.stop();
    joiner.close();
  }
}

async function untilWhole(joiner: LocalClient, room: GeneratedRoom): Promise<void> {
  const deadline = performance.now() + wholeMsMax;
  while (!(await joiner.hasMember(room.roomId, room.last.pdu.sender))) {
    if (performance.now() > deadline) throw new Error('the state did not become whole');
    await sleep(pollMs);
  }
}

/** Local users who keep sending, none faster than a person might. */
class SteadyLoad {
  readonly #clients: readonly LocalClient[];
  readonly #sending: Promise<unknown>;
  #latencies = new Latencies();
  #ended = false;

  private constructor(clients: readonly LocalClient[], roomIds: readonly string[]) {
    this.#clients = clients;
    this.#sending = Promise.all(
      clients.map((client, index) => this.#send(client, roomIds[index] ?? '')),
    );
    // Whoever stops the load hears of it.
    this.#sending.catch(() => undefined);
  }

  static async start(port: number): Promise<SteadyLoad> {
    const clients: LocalClient[] = [];
    const roomIds: string[] = [];
    for (let number = 0; number < senderCount; number += 1) {
      const client = await LocalClient.register(port, `sender${number}`);
      clients.push(client);
      roomIds.push(await client.createRoom());
    }
    return new SteadyLoad(clients, roomIds);
  }

  /** Forgets what was measured so far. */
  begin(): void {
    this.#latencies = new Latencies();
  }

  end(): LatencySummary {
    return this.#latencies.summary();
  }

  async stop(): Promise<void> {
    this.#ended = true;
    try {
      await this.#sending;
    } finally {
      for (const client of this.#clients) client.close();
    }
  }

  async #send(client: LocalClient, roomId: string): Promise<void> {
    while (!this.#ended) {
      const startedAt = performance.now();
      await client.send(roomId);
      this.#latencies.add(performance.now() - startedAt);
      await sleep(sendPauseMs);
    }
  }
}
