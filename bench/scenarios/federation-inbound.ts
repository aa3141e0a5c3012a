import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  contentHashMatches,
  parsePduText,
  referenceText,
  verifySignatures,
  type BuiltEvent,
} from '@soma/protocol';

import { verifySignature } from '../../packages/homeserver/src/federation-client/keys/verify-signature.ts';
import { startPeer, type TestPeer } from '../../tests/harness/peer.ts';
import { createTestAuthority, type TestAuthority } from '../../tests/harness/test-certificates.ts';
import { startFederatedSoma, type FederatedSoma } from '../federation/federated-soma.ts';
import { GeneratedRoom } from '../federation/generated-room.ts';
import { LocalClient } from '../federation/local-client.ts';
import { playResident } from '../federation/play-resident.ts';
import { SignedRequests } from '../federation/signed-requests.ts';
import { processUsage } from '../load/process-usage.ts';
import type { Bench, Scenario } from '../scenario.ts';

const members = 10;
const pdusPerTransaction = 50;
const warmups = 20;
const transactions = 100;
const takenMsMax = 120_000;
const pollMs = 10;

export const federationInbound: Scenario = {
  name: 'federation-inbound',
  title: 'Events of another server',
  about:
    `A played server sends ${transactions} transactions of ${pdusPerTransaction} messages each into a ` +
    'room, one after the other over one TLS connection, after ' +
    `${warmups} to warm up. The time is from the first request until a client can read the last ` +
    'message: all are checked, and committed. The bare reference only parses the same events, and ' +
    'checks their hashes and signatures, on one thread.',
  roundsMax: 5,
  async run(bench) {
    const authority = createTestAuthority();
    for (let round = 0; round < bench.rounds; round += 1) {
      const peer = await startPeer(authority);
      try {
        const soma = await startFederatedSoma(bench, authority);
        try {
          await measureRound(bench, round, authority, soma, peer);
        } finally {
          await soma.dispose();
        }
      } finally {
        await peer.close();
      }
    }
  },
};

async function measureRound(
  bench: Bench,
  round: number,
  authority: TestAuthority,
  soma: FederatedSoma,
  peer: TestPeer,
): Promise<void> {
  const room = new GeneratedRoom(peer);
  room.grow([peer], members);
  // What the peer sends follows the join, as it does between servers.
  playResident(peer, room, [peer], (join) => room.placeText(join));
  const client = await LocalClient.register(soma.port, 'reader');
  const requests = new SignedRequests(authority, peer, soma.serverName);
  try {
    await client.join(room.roomId, peer.serverName);
    await send(requests, room, peer, client, warmups);
    const usedMs = processUsage(soma.pid()).cpuMs;
    const { events, timeMs } = await send(requests, room, peer, client, transactions);
    const cpuMs = processUsage(soma.pid()).cpuMs - usedMs;
    const measure = `${transactions} transactions`;
    const figures = figuresOf(events.length, timeMs, cpuMs);
    bench.record({ measure, pair: round, server: 'soma', figures });
    const bare = verifyAll(room, peer, events);
    bench.record({ measure, pair: round, server: 'bare', figures: bare });
    bench.tell(
      `${figures.eventsPerSecond.toFixed(0)} events per second, ${figures.eventCpuUs.toFixed(0)} µs each; ` +
        `verified alone ${bare.eventsPerSecond.toFixed(0)}, ${bare.eventCpuUs.toFixed(0)} µs`,
    );
  } finally {
    requests.close();
    client.close();
  }
}

interface Sent {
  readonly events: readonly BuiltEvent[];
  readonly timeMs: number;
}

async function send(
  requests: SignedRequests,
  room: GeneratedRoom,
  peer: TestPeer,
  client: LocalClient,
  count: number,
): Promise<Sent> {
  const events: BuiltEvent[] = [];
  const prepared = Array.from({ length: count }, () => {
    const pdus = Array.from({ length: pdusPerTransaction }, () =>
      room.add(
        peer,
        'm.room.message',
        undefined,
        { msgtype: 'm.text', body: `Message ${events.length}` },
        room.creator,
      ),
    );
    events.push(...pdus);
    const uri = `/_matrix/federation/v1/send/${room.last.pdu.depth}`;
    const body = { origin: peer.serverName, origin_server_ts: 1, pdus: pdus.map(({ pdu }) => pdu) };
    return requests.prepare(uri, body);
  });
  const startedAt = performance.now();
  for (const request of prepared) await request();
  const deadline = startedAt + takenMsMax;
  while (!(await client.has(room.roomId, room.last.eventId))) {
    if (performance.now() > deadline) throw new Error('the last event did not come in');
    await sleep(pollMs);
  }
  return { events, timeMs: performance.now() - startedAt };
}

/** What every server has to do with them, and no more. */
function verifyAll(room: GeneratedRoom, peer: TestPeer, events: readonly BuiltEvent[]) {
  const { version } = room;
  const crypto = { sha256: (text: string): string => hash('sha256', text, 'base64') };
  const startedAt = performance.now();
  const usage = process.cpuUsage();
  for (const { json } of events) {
    const parsed = parsePduText(json, version);
    if (!parsed.ok || !contentHashMatches(parsed.exact, crypto)) throw new Error('a wrong hash');
    const text = referenceText(parsed.exact, version);
    const publicKey = (): string => peer.key.publicKey;
    const { signatures } = parsed.pdu;
    const verdict = verifySignatures(signatures, text, peer.serverName, publicKey, verifySignature);
    if (!verdict.valid) throw new Error(verdict.reason);
  }
  const { user, system } = process.cpuUsage(usage);
  return figuresOf(events.length, performance.now() - startedAt, (user + system) / 1000);
}

function figuresOf(events: number, timeMs: number, cpuMs: number) {
  const eventsPerSecond = (events / timeMs) * 1000;
  return {
    transactionsPerSecond: eventsPerSecond / pdusPerTransaction,
    eventsPerSecond,
    eventCpuUs: (cpuMs / events) * 1000,
  };
}
