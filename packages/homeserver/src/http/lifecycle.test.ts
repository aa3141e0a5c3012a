import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';

import { createTestAuthority } from '../../../../tests/harness/test-certificates.ts';
import { ask, connectTo, readToEnd, startEdge } from './edge-under-test.ts';
import { ListenError } from './listen-error.ts';

const pollRequest =
  'GET /_matrix/client/v3/sync HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer alice\r\n\r\n';

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

test('a long poll is told when its client goes away', async () => {
  const { edge, port, seen, log } = await startEdge();
  const socket = await connectTo(port);
  socket.write(pollRequest);
  await until(() => seen.length === 1);
  socket.destroy();
  await until(() => log.length === 1);
  assert.deepEqual(seen, ['polling', 'The client went away']);
  assert.equal(log[0]?.['status'], 499);
  await edge.close(1_000);
});

test('a stream waits for its client, and ends when the client goes away', async () => {
  const { edge, port, seen } = await startEdge();
  const socket = await connectTo(port);
  socket.pause();
  socket.write('GET /_matrix/client/v3/sample/endless-stream HTTP/1.1\r\nHost: x\r\n\r\n');
  let before = -1;
  while (before < seen.length) {
    before = seen.length;
    await sleep(50);
  }
  assert.ok(seen.length > 0 && seen.length < 1_000, `${seen.length} chunks for nobody`);
  socket.destroy();
  await until(() => seen.at(-1) === 'closed');
  await edge.close(1_000);
});

test('a stop lets long polls and running requests answer, and ends idle connections', async () => {
  const { edge, port, seen } = await startEdge();
  const idle = await connectTo(port);
  idle.write('GET /health HTTP/1.1\r\nHost: x\r\n\r\n');
  const polling = await connectTo(port);
  const slow = ask(port, { path: '/_matrix/client/v3/slow' });
  polling.write(pollRequest);
  const answers = Promise.all([readToEnd(idle), readToEnd(polling), slow]);
  await until(() => seen.length === 2);
  await edge.close(10_000);
  const [idleText, pollText, slowAnswer] = await answers;
  assert.match(idleText, /^HTTP\/1\.1 200 OK/);
  assert.match(pollText, /^HTTP\/1\.1 200 OK[^]*Connection: close[^]*"next_batch":"s1"/);
  assert.equal(slowAnswer.status, 200);
  await assert.rejects(ask(port, { path: '/health' }), { code: 'ECONNREFUSED' });
});

test('a stop ends a connection whose response was under way', { timeout: 10_000 }, async () => {
  const { edge, port } = await startEdge();
  const socket = await connectTo(port);
  const received = readToEnd(socket);
  socket.write('GET /_matrix/client/v3/sample/slow-stream HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(socket, 'data');
  await edge.close(60_000);
  assert.match(await received, /\{"parts":\[[^]*\]\}\r\n0\r\n/);
});

test('a stop cuts off what still runs after the grace', async () => {
  const { edge, port, seen } = await startEdge();
  const slow = ask(port, { path: '/_matrix/client/v3/slow' });
  const cutOff = assert.rejects(slow);
  await until(() => seen.length === 1);
  await edge.close(0);
  await cutOff;
});

test('a connection is kept between requests', async () => {
  const { edge, port } = await startEdge();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ports = new Set<number | undefined>();
  for (let index = 0; index < 3; index += 1) {
    await new Promise<void>((resolve, reject) => {
      const sent = request({ port, host: '127.0.0.1', path: '/health', agent }, (response) => {
        ports.add(response.socket.localPort);
        response.resume().on('end', resolve);
      });
      sent.on('error', reject).end();
    });
    await turn();
  }
  assert.equal(ports.size, 1);
  agent.destroy();
  await edge.close(1_000);
});

test('several addresses and listeners are all bound', async () => {
  const { edge } = await startEdge({ bindAddresses: ['127.0.0.1', '127.0.0.2'] });
  assert.equal(edge.addresses.length, 2);
  for (const { address, port } of edge.addresses) {
    const socket = connect(port, address);
    socket.write('GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    assert.match(await readToEnd(socket), /OK$/);
  }
  await edge.close(1_000);
});

test('a port that is taken is named with the remedy, and nothing stays open', async () => {
  const first = await startEdge();
  await assert.rejects(
    startEdge({ port: first.port, bindAddresses: ['127.0.0.2', '127.0.0.1'] }),
    (error: unknown) => {
      assert.ok(error instanceof ListenError);
      assert.match(error.message, new RegExp(`port ${first.port} of 127\\.0\\.0\\.1.*\`port\``));
      return true;
    },
  );
  const again = await startEdge({ port: first.port, bindAddresses: ['127.0.0.2'] });
  await again.edge.close(1_000);
  await first.edge.close(1_000);
});

test('an address of another machine is named with the remedy', async () => {
  await assert.rejects(startEdge({ bindAddresses: ['192.0.2.1'] }), /192\.0\.2\.1.*bind_addresses/);
});

test('a unix socket is served, also where a killed process left its file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'soma-socket-'));
  const path = join(folder, 'main.sock');
  const stale = spawnSync(process.execPath, [
    '-e',
    `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`,
  ]);
  assert.equal(stale.signal, 'SIGKILL');
  const { edge } = await startEdge({ unixSocket: { path, mode: 0o600 } });
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const socket = connect(path);
  const body = '{"type":"m.x"}';
  socket.write(
    `POST /_matrix/client/v3/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\n` +
      `X-Forwarded-For: 203.0.113.9\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  assert.match(await readToEnd(socket), /"clientAddress":"203\.0\.113\.9"/);
  const second = startEdge({ unixSocket: { path, mode: 0o600 } });
  await assert.rejects(second, /main\.sock.*`path`/);
  await edge.close(1_000);
  rmSync(folder, { recursive: true });
});

test('a certificate that cannot be read stops the start', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'soma-tls-'));
  const tls = { certificatePath: join(folder, 'cert.pem'), keyPath: join(folder, 'key.pem') };
  await assert.rejects(startEdge({ tls }), /cert\.pem/);
  rmSync(folder, { recursive: true });
});

test('a connection that does not come to speak TLS is ended', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'soma-tls-'));
  const tls = { certificatePath: join(folder, 'cert.pem'), keyPath: join(folder, 'key.pem') };
  const { certificate, key } = createTestAuthority().issue('127.0.0.1');
  writeFileSync(tls.certificatePath, certificate);
  writeFileSync(tls.keyPath, key);
  const { edge, port } = await startEdge({ tls }, { timeouts: { handshakeTimeoutMs: 100 } });
  for (const text of ['', 'GET / HTTP/1.1', '\u0016\u0003\u0001']) {
    const socket = await connectTo(port);
    socket.write(text);
    await readToEnd(socket);
  }
  await edge.close(1_000);
  rmSync(folder, { recursive: true });
});

test('a rate limit that is not configured stops the start', async () => {
  await assert.rejects(startEdge({}, { rateLimits: {} }), /login.*rc_login\.address/);
});
