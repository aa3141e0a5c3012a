import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

/** So much the largest of these answers unpack to. */
const BOMB_BYTES = 512 * 1024 * 1024;
const TRICKLE_MS = 500;

/** Ways of not answering; each has the connection to itself. */
export const slowAnswers: Readonly<Record<string, (response: ServerResponse) => void>> = {
  'says nothing': () => {},
  'says a byte now and then': (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    void trickle(response, ' ');
  },
  'says a header now and then': (response) => {
    response.socket?.write('HTTP/1.1 200 OK\r\n');
    void trickle(response.socket, 'x-more: x\r\n');
  },
  'begins an object that has no end': (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"a":"');
    const more = (): void => {
      // As fast as it is read.
      while (!response.destroyed && response.write('a'.repeat(65_536))) {}
    };
    response.on('drain', more);
    more();
  },
  'has headers without end': (response) => {
    response.socket?.write(`HTTP/1.1 200 OK\r\nx-large: ${'x'.repeat(1024 * 1024)}\r\n`);
  },
  'promises more than it has': (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000000' });
    response.write('{');
  },
  'sends a bomb': (response) => {
    bomb ??= gzipSync(Buffer.alloc(BOMB_BYTES, ' '), { level: 1 });
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    response.writeHead(200, headers).end(bomb);
  },
  'sends on to itself': (response) => {
    response.writeHead(302, { location: response.req.url ?? '/' }).end();
  },
  'hangs up': (response) => void response.socket?.destroy(),
};

let bomb: Buffer | undefined;

async function trickle(
  to: { destroyed: boolean; write(text: string): unknown } | null,
  text: string,
): Promise<void> {
  while (to?.destroyed === false) {
    to.write(text);
    await sleep(TRICKLE_MS, undefined, { ref: false });
  }
}

/** A server that takes connections and never says a word, not even of TLS. */
export async function startMuteServer(): Promise<{ serverName: string; close: () => void }> {
  const sockets = new Set<{ destroy(): unknown }>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    serverName: `127.0.0.1:${port}`,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
