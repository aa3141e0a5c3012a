import { setTimeout as sleep } from 'node:timers/promises';

import { pino } from 'pino';

import type { JsonObject, JsonValue } from '@soma/protocol';

import { SERVER_NAME } from '../ephemeral/signer-under-test.ts';
import { Destinations } from '../federation-client/destinations.ts';
import type { FederationRequest } from '../federation-client/federation-client.ts';
import { FederationError } from '../federation-client/federation-error.ts';
import type { RoomGraphUnderTest } from '../membership/room-graph-under-test.ts';
import { writeToRoom } from '../rooms/room-write.ts';
import type { Statement } from '../storage/sql.ts';
import { LogFollower } from '../streams/log-follower.ts';
import { FederationSender } from './federation-sender.ts';
import { OutboundLog } from './outbound-log.ts';
import { ReceiptPace } from './receipt-pace.ts';
import { ServersAlongLog } from './servers-along-log.ts';

/** A transaction as a destination got it. */
export interface SeenTransaction {
  readonly id: string;
  readonly body: { readonly pdus: readonly JsonObject[]; readonly edus: readonly JsonObject[] };
  readonly text: string;
}

/** A destination of a test: it notes what it takes. */
export interface PeerUnderTest {
  readonly taken: SeenTransaction[];
  /** What it answers, or throws; by default that it takes everything. */
  answer: (transaction: SeenTransaction) => JsonValue | Promise<JsonValue>;
  /** The most that it was asked at the same time. */
  concurrentMost: number;
}

export interface Network {
  underWay: number;
  /** The most requests that were under way at the same time. */
  concurrentMost: number;
}

export interface SenderUnderTest {
  readonly sender: FederationSender;
  readonly follower: LogFollower;
  readonly servers: ServersAlongLog;
  readonly destinations: Destinations;
  readonly network: Network;
  peer(serverName: string): PeerUnderTest;
  /** Resolves when everything that was committed is followed, and nothing is under way. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

const RETRY_MS = 600_000;

export function unreachable(serverName: string): FederationError {
  return new FederationError('refused', serverName, 'answered 502', { status: 502 });
}

/** A sender on a real database; the network, and who is there, are the test's. */
export async function openSender(
  { database, clock }: Pick<RoomGraphUnderTest, 'database' | 'clock'>,
  peers = new Map<string, PeerUnderTest>(),
): Promise<SenderUnderTest> {
  const now = (): number => clock.nowMs;
  const destinations = new Destinations({
    database,
    now,
    random: () => 0.5,
    retryIntervalMsMin: RETRY_MS,
    retryIntervalMsMax: 10 * RETRY_MS,
    retryMultiplier: 2,
    reportFault: (error) => {
      throw error;
    },
  });
  const peer = (serverName: string): PeerUnderTest => {
    const known = peers.get(serverName);
    const made = known ?? { taken: [], answer: () => ({ pdus: {} }), concurrentMost: 0 };
    peers.set(serverName, made);
    return made;
  };
  const logger = pino({ level: 'silent' });
  const network: Network = { underWay: 0, concurrentMost: 0 };
  const servers = new ServersAlongLog(database, SERVER_NAME);
  const sender = new FederationSender({
    serverName: SERVER_NAME,
    client: { allows: () => true, requestJson: fakeNetwork(peer, destinations, network) },
    destinations,
    servers,
    database,
    settings: { shortRetries: 0, longRetries: 2, shortRetryDelayMsMax: 1, longRetryDelayMsMax: 5 },
    logger,
    now,
    random: () => 0.5,
    retryIntervalMsMin: 1_000,
  });
  sender.start();
  const receiptPace = new ReceiptPace(sender, 1_000);
  const allows = (): boolean => true;
  const log = new OutboundLog({ serverName: SERVER_NAME, servers, sender, receiptPace, allows });
  const follower = await LogFollower.open(database, logger, log);
  return {
    sender,
    follower,
    servers,
    destinations,
    network,
    peer,
    settle: async () => {
      await follower.catchUp();
      while (sender.isBusy) await sleep(2);
    },
    close: async () => {
      receiptPace.close();
      await follower.close();
      await sender.close();
      await destinations.close();
    },
  };
}

function fakeNetwork(
  peer: (serverName: string) => PeerUnderTest,
  destinations: Destinations,
  network: Network,
) {
  const underWay = new Map<string, number>();
  return async (request: FederationRequest): Promise<JsonValue> => {
    const { destination, path, bodyText = '', signal } = request;
    const attempt = await destinations.begin(destination);
    const id = path.slice(path.lastIndexOf('/') + 1);
    const transaction = { id, body: JSON.parse(bodyText), text: bodyText };
    const asked = peer(destination);
    const count = (underWay.get(destination) ?? 0) + 1;
    underWay.set(destination, count);
    network.underWay += 1;
    network.concurrentMost = Math.max(network.concurrentMost, network.underWay);
    asked.concurrentMost = Math.max(asked.concurrentMost, count);
    try {
      const answer = await Promise.race([asked.answer(transaction), abortOf(signal, destination)]);
      asked.taken.push(transaction);
      attempt.succeeded();
      return answer;
    } finally {
      underWay.set(destination, count - 1);
      network.underWay -= 1;
    }
  };
}

function abortOf(signal: AbortSignal | undefined, serverName: string): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(unreachable(serverName)));
  });
}

/** An event of any user, as if it had come from the user's server; `also` goes into its change. */
export async function appendEvent(
  { rooms }: RoomGraphUnderTest,
  roomId: string,
  draft: { type: string; sender: string; stateKey?: string; redacts?: string; content: JsonObject },
  also: (eventNid: number) => readonly Statement[] = () => [],
): Promise<string> {
  const roomNid = await rooms.names.rooms.intern(roomId);
  const { value } = await writeToRoom(rooms, roomNid, async (write) => {
    const event = await write.append(draft);
    write.add(...also(event.eventNid));
    return event.built.eventId;
  });
  return value;
}

export function setMember(
  graph: RoomGraphUnderTest,
  roomId: string,
  userId: string,
  membership: string,
  sender = userId,
): Promise<string> {
  const content = { membership };
  return appendEvent(graph, roomId, { type: 'm.room.member', sender, stateKey: userId, content });
}

export function sendText(
  graph: RoomGraphUnderTest,
  roomId: string,
  sender: string,
  body: string,
): Promise<string> {
  const content = { msgtype: 'm.text', body };
  return appendEvent(graph, roomId, { type: 'm.room.message', sender, content });
}

/** The bodies of the messages that a destination took, in order. */
export function bodiesTakenBy({ taken }: PeerUnderTest): unknown[] {
  return taken
    .flatMap(({ body }) => body.pdus)
    .filter((pdu) => pdu['type'] === 'm.room.message')
    .map((pdu) => (pdu['content'] as JsonObject | undefined)?.['body']);
}
