import assert from 'node:assert/strict';
import { connect as connectTcp, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';

import type { FederatedServer } from '../harness/federation.ts';
import { peakDuring, residentMemory } from '../harness/resident-memory.ts';
import { federationTests } from './federation-test.ts';
import { HostileRoom } from './hostile-room.ts';
import { startMuteServer } from './slow-answers.ts';

const test = federationTests();

const CONNECTIONS = 200;
const LARGE_BODIES = 45;
const LARGE_BYTES = 10_000_000;
/** What all of either may cost. */
const MEGABYTES_MAX = 200;
/** More than servers are asked for their keys at once. */
const STRANGERS = 450;
const SEND = 'PUT /_matrix/federation/v1/send/1 HTTP/1.1\r\nHost: x\r\n';
const PROFILE = '/_matrix/federation/v1/query/profile';
/** How a request claims to be of a server. */
const claim = (origin: string, destination: string): string =>
  `Authorization: X-Matrix origin="${origin}",destination="${destination}",key="ed25519:1",sig="AA"\r\n`;
const AUTHORIZATION = claim('example.org', 'example.org');

/** Connections to a server's listener for other servers, until they are all closed. */
class Connections {
  readonly #port: number;
  readonly #sockets: Socket[] = [];

  constructor({ serverName }: FederatedServer) {
    this.#port = Number(serverName.split(':')[1]);
  }

  /** One on which nothing is said, not even of TLS. */
  openMute(): Socket {
    return this.#keep(connectTcp(this.#port, '127.0.0.1'));
  }

  /** One on which this is sent once it stands. */
  open(text = '', localAddress = '127.0.0.1'): Socket {
    const options = {
      port: this.#port,
      host: '127.0.0.1',
      localAddress,
      rejectUnauthorized: false,
    };
    const socket = connectTls(options, () => socket.write(text));
    return this.#keep(socket);
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #keep(socket: Socket): Socket {
    socket.on('error', () => {});
    socket.resume();
    this.#sockets.push(socket);
    return socket;
  }
}

test('connections on which little or nothing is said take nothing from others', async (given) => {
  const room = await HostileRoom.open(given, 'crowded');
  const before = await room.state();
  const connections = new Connections(given.one);
  const idleMemory = residentMemory(given.one.pid());
  for (let count = 0; count < CONNECTIONS; count += 5) {
    connections.openMute();
    connections.open();
    connections.open(SEND);
    connections.open(`${SEND}${AUTHORIZATION}Content-Length: 1000\r\n\r\n{`);
    const trickling = connections.open(`${SEND}${AUTHORIZATION}Content-Length: 1000\r\n\r\n`);
    trickling.once('secureConnect', () => {
      const timer = setInterval(() => trickling.write('{'), 200);
      trickling.once('close', () => clearInterval(timer));
    });
  }
  const peak = await peakDuring(given.one.pid(), room.assertUnharmed(before));
  assert.ok(peak - idleMemory < MEGABYTES_MAX, `${idleMemory} MB before, ${peak} MB at most`);
  connections.close();
});

test('bodies of those who have not said who they are are not kept without end', async (given) => {
  const room = await HostileRoom.open(given, 'burdened');
  const before = await room.state();
  const connections = new Connections(given.one);
  const idleMemory = residentMemory(given.one.pid());
  const burdening = async (): Promise<void> => {
    const body = ' '.repeat(LARGE_BYTES);
    for (let count = 0; count < LARGE_BODIES; count += 1) {
      connections.open(`${SEND}${AUTHORIZATION}Content-Length: ${LARGE_BYTES + 1}\r\n\r\n${body}`);
      await sleep(20);
    }
    await room.assertUnharmed(before);
  };
  const peak = await peakDuring(given.one.pid(), burdening());
  connections.close();
  assert.ok(peak - idleMemory < MEGABYTES_MAX, `${idleMemory} MB before, ${peak} MB at most`);
});

test('who names servers that never answer keeps nobody else from proving who it is', async ({
  one,
  newPeer,
}) => {
  const strangers = await Promise.all(Array.from({ length: STRANGERS }, startMuteServer));
  const connections = new Connections(one);
  for (const { serverName } of strangers) {
    const head = `GET ${PROFILE} HTTP/1.1\r\nHost: x\r\n${claim(serverName, one.serverName)}`;
    connections.open(`${head}\r\n`, '127.0.0.2');
  }
  try {
    await sleep(2_000);
    const unknown = await newPeer();
    assert.equal((await unknown.request(one.serverName, 'GET', PROFILE)).status, 400);
  } finally {
    connections.close();
    for (const stranger of strangers) stranger.close();
  }
});
