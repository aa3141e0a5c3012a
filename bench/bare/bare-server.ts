/**
 * The bare reference: what sending an event costs at least on this machine. The same HTTP, JSON,
 * SHA-256, Ed25519 and one fsynced row per event with group commit, and nothing else: no accounts,
 * no rooms, no rules. Usage: bare-server.ts <port> <database file> <thread|inline>
 */
import { generateKeyPairSync, hash, sign } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import { InlineWriter } from './inline-writer.ts';
import { BareReader } from './reader.ts';
import { ThreadWriter } from './thread-writer.ts';
import { BareWaiters } from './waiters.ts';
import type { RowWriter } from './writer.ts';

const [port, databasePath = '', mode] = process.argv.slice(2);
const writer: RowWriter =
  mode === 'inline' ? new InlineWriter(databasePath) : new ThreadWriter(databasePath);
const reader = new BareReader(databasePath);
const waiters = new BareWaiters();
const { privateKey } = generateKeyPairSync('ed25519');

const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  if (request.method === 'PUT') receiveEvent(request, response);
  else answerRead(request, response);
});
server.listen(Number(port), '127.0.0.1');
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  void writer.close().then(() => process.exit(0));
});

function receiveEvent(request: IncomingMessage, response: ServerResponse): void {
  let text = '';
  request.setEncoding('utf8');
  request.on('data', (data: string) => {
    text += data;
  });
  request.on('end', () => {
    const event = buildEvent(request.url ?? '', JSON.parse(text));
    writer.write(event.json, () => {
      answerJson(response, `{"event_id":"${event.eventId}"}`);
      waiters.wake(event.json);
    });
  });
}

function buildEvent(path: string, content: unknown): { eventId: string; json: string } {
  const event = {
    type: 'm.room.message',
    room_id: path.slice('/_matrix/client/v3/rooms/'.length, path.indexOf('/send/')),
    sender: '@somebody:soma.test',
    content,
    origin_server_ts: Date.now(),
  };
  const bytes = JSON.stringify(event);
  const sha256 = hash('sha256', bytes, 'base64').slice(0, 43);
  const signature = sign(null, Buffer.from(bytes), privateKey).toString('base64').slice(0, 86);
  const json = JSON.stringify({
    ...event,
    hashes: { sha256 },
    signatures: { 'soma.test': { 'ed25519:1': signature } },
  });
  return { eventId: `$${sha256}`, json };
}

/** Reads do the least that has the form of an answer: waiting, and rows from the database. */
function answerRead(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '', 'http://bare');
  if (url.pathname === '/bare/events') {
    const events = reader.newest(Number(url.searchParams.get('count')));
    answerJson(response, `{"events":[${events.join(',')}]}`);
  } else if (url.pathname.endsWith('/sync')) {
    const since = url.searchParams.get('since');
    waiters.add(since, (body) => answerJson(response, body));
  } else {
    answerJson(response, '{"versions":[]}');
  }
}

function answerJson(response: ServerResponse, text: string): void {
  response.writeHead(200, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}
