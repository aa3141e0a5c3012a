import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { test } from 'node:test';

import { parseXMatrix } from '@soma/protocol';

import { createTestAuthority } from '../../../../tests/harness/test-certificates.ts';
import { openClient, serveHttp2, serveTls } from './client-under-test.ts';
import type { ClientUnderTest } from './client-under-test.ts';
import type { FederationRequest } from './federation-client.ts';
import { FederationError } from './federation-error.ts';
import type { FederationFailure } from './federation-error.ts';

const authority = createTestAuthority();
const stranger = createTestAuthority();

const ok: RequestListener = (_request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end('{"ok":true}');
};

function refuse(status: number, errcode: string): RequestListener {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ errcode, error: 'no' }));
  };
}

function get(
  { client }: ClientUnderTest,
  destination: string,
  options: Partial<FederationRequest> = {},
): Promise<unknown> {
  const path = '/_matrix/federation/v1/version';
  return client.requestJson({ destination, method: 'GET', path, ...options });
}

async function fails(failure: FederationFailure, attempt: Promise<unknown>) {
  const error = await attempt.then(
    () => assert.fail('it succeeded'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof FederationError, String(error));
  assert.equal(error.failure, failure, error.message);
  return error;
}

test('the certificate, the SNI and the Host header are those of each step of discovery', async () => {
  const hosts = ['example.test', 'delegated.test', 'deprecated.test', '127.0.0.2'];
  const server = await serveTls(authority, hosts, ok);
  const { port } = server;
  const opened = await openClient({
    authority,
    wellKnown: {
      'well-known.test': `delegated.test:${port}`,
      'address.test': `127.0.0.2:${port}`,
      'both.test': 'delegated.test',
      'both-of-old.test': 'deprecated.test',
    },
    srv: {
      '_matrix-fed._tcp.example.test': [`target.test:${port}`],
      '_matrix-fed._tcp.delegated.test': [`target.test:${port}`],
      '_matrix._tcp.deprecated.test': [`target.test:${port}`],
    },
  });
  for (const [destination, host, servername] of [
    [`127.0.0.2:${port}`, `127.0.0.2:${port}`, false],
    [`example.test:${port}`, `example.test:${port}`, 'example.test'],
    ['well-known.test', `delegated.test:${port}`, 'delegated.test'],
    ['address.test', `127.0.0.2:${port}`, false],
    // The certificate of an SRV target is that of the name itself.
    ['example.test', 'example.test', 'example.test'],
    ['deprecated.test', 'deprecated.test', 'deprecated.test'],
    // With a delegation, that of the delegate.
    ['both.test', 'delegated.test', 'delegated.test'],
    ['both-of-old.test', 'deprecated.test', 'deprecated.test'],
  ] as const) {
    assert.deepEqual(await get(opened, destination), { ok: true });
    const seen = server.seen.at(-1);
    assert.deepEqual([seen?.host, seen?.servername], [host, servername], destination);
  }
});

test('a certificate of another name, or of an unknown authority, is not believed', async () => {
  const misnamed = await serveTls(authority, ['other.test'], ok);
  const unknown = await serveTls(stranger, ['example.test'], ok);
  const opened = await openClient({ authority });
  for (const { port, seen } of [misnamed, unknown]) {
    const error = await fails('unreachable', get(opened, `example.test:${port}`));
    assert.match(String(error.cause), /certificate|altnames/i);
    assert.deepEqual(seen, []);
  }
});

test('certificates are not looked at where the operator says so', async () => {
  const { port } = await serveTls(stranger, ['elsewhere.test'], ok);
  const excepted = await openClient({
    authority,
    options: { federation_certificate_verification_whitelist: ['*.example.test'] },
  });
  assert.deepEqual(await get(excepted, `a.example.test:${port}`), { ok: true });
  await fails('unreachable', get(excepted, `example.test:${port}`));
  const careless = await openClient({
    authority,
    options: { federation_verify_certificates: false },
  });
  assert.deepEqual(await get(careless, `example.test:${port}`), { ok: true });
});

test('TLS older than the operator wants is not spoken', async () => {
  const { port } = await serveTls(authority, ['example.test'], ok, { maxVersion: 'TLSv1.2' });
  const options = { federation_client_minimum_tls_version: 1.3 };
  const strict = await openClient({ authority, options });
  await fails('unreachable', get(strict, `example.test:${port}`, { retries: 'none' }));
  assert.deepEqual(await get(await openClient({ authority }), `example.test:${port}`), {
    ok: true,
  });
});

test('HTTP/2 is spoken where it is offered', async () => {
  const server = await serveHttp2(authority, ['example.test']);
  const opened = await openClient({ authority });
  const destination = `example.test:${server.port}`;
  const body = { key: 'value' };
  assert.deepEqual(await get(opened, destination), { ok: true });
  assert.deepEqual(await get(opened, destination, { method: 'PUT', body }), { ok: true });
  const [first, second] = server.seen;
  assert.equal(first?.httpVersion, '2.0');
  assert.equal(first.host, destination);
  assert.equal(first.servername, 'example.test');
  assert.equal(second?.httpVersion, '2.0');
  assert.equal(server.connections(), 1);
});

test('requests to one server share a few connections', async () => {
  const server = await serveTls(authority, ['example.test'], ok);
  const opened = await openClient({ authority });
  const requests = Array.from({ length: 40 }, () => get(opened, `example.test:${server.port}`));
  await Promise.all(requests);
  assert.equal(server.seen.length, 40);
  assert.ok(server.connections() <= 8, `${server.connections()} connections`);
});

test('a request says who signed it, unless it is not to be signed', async () => {
  const server = await serveTls(authority, ['example.test'], ok);
  const opened = await openClient({ authority });
  const destination = `example.test:${server.port}`;
  await get(opened, destination, { query: { user_id: '@a:b', ids: ['1', '2'] } });
  await get(opened, destination, { isSigned: false });
  const [signed, unsigned] = server.seen;
  assert.equal(signed?.target, '/_matrix/federation/v1/version?user_id=%40a%3Ab&ids=1&ids=2');
  const header = parseXMatrix(signed.authorization ?? '');
  assert.deepEqual([header?.origin, header?.destination], ['own.test', destination]);
  assert.equal(unsigned?.authorization, undefined);
});

test('the next target of a server is tried when one does not answer', async () => {
  const server = await serveTls(authority, ['example.test'], ok);
  const opened = await openClient({
    authority,
    hosts: { 'inside.test': '127.0.0.3' },
    srv: {
      '_matrix-fed._tcp.example.test': [
        'dead.test:1',
        `inside.test:${server.port}`,
        `alive.test:${server.port}`,
      ],
    },
  });
  assert.deepEqual(await get(opened, 'example.test'), { ok: true });
});

test('a server at a forbidden address is not connected to', async () => {
  const server = await serveTls(authority, ['example.test', '127.0.0.3'], ok);
  const opened = await openClient({ authority, hosts: { 'example.test': '127.0.0.3' } });
  for (const host of ['example.test', '127.0.0.3', '[::ffff:127.0.0.3]']) {
    await fails('unreachable', get(opened, `${host}:${server.port}`));
  }
  assert.equal(server.connections(), 0);
});

test('a refusal has its status and errcode, and does not make the server fail', async () => {
  const { port } = await serveTls(authority, ['example.test'], refuse(403, 'M_FORBIDDEN'));
  const opened = await openClient({ authority });
  const error = await fails('refused', get(opened, `example.test:${port}`));
  assert.deepEqual([error.status, error.errcode], [403, 'M_FORBIDDEN']);
  assert.equal(await opened.destinations.retryAtMs(`example.test:${port}`), undefined);
});

test('a server that fails is left alone until its time has come, or it is heard from', async () => {
  let answer = refuse(502, 'M_UNKNOWN');
  const server = await serveTls(authority, ['example.test'], (request, response) =>
    answer(request, response),
  );
  const opened = await openClient({ authority });
  const destination = `example.test:${server.port}`;
  await fails('refused', get(opened, destination));
  answer = ok;
  await fails('backing-off', get(opened, destination));
  assert.equal(server.seen.length, 1);
  assert.deepEqual(await get(opened, destination, { ignoresBackoff: true }), { ok: true });
  assert.deepEqual(await get(opened, destination), { ok: true }, 'it has answered');

  answer = refuse(429, 'M_LIMIT_EXCEEDED');
  await fails('refused', get(opened, destination));
  opened.clock.nowMs += 10 * 60_000;
  answer = ok;
  assert.deepEqual(await get(opened, destination), { ok: true });

  answer = refuse(401, 'M_UNAUTHORIZED');
  await fails('refused', get(opened, destination));
  await opened.destinations.heardFrom(destination);
  answer = ok;
  assert.deepEqual(await get(opened, destination), { ok: true });
});

test('media that is too large, or not there yet, is no failure of its server', async () => {
  let answer = refuse(502, 'M_TOO_LARGE');
  const { port } = await serveTls(authority, ['example.test'], (request, response) =>
    answer(request, response),
  );
  const opened = await openClient({ authority });
  const destination = `example.test:${port}`;
  await fails('refused', get(opened, destination));
  answer = refuse(504, 'M_NOT_YET_UPLOADED');
  await fails('refused', get(opened, destination));
  assert.equal(await opened.destinations.retryAtMs(destination), undefined);
});

test('a connection that breaks is tried again, as often as the kind of request wants', async () => {
  let broken = 2;
  const server = await serveTls(authority, ['example.test'], (request, response) => {
    broken -= 1;
    if (broken >= 0) request.socket.destroy();
    else ok(request, response);
  });
  const opened = await openClient({ authority });
  const destination = `example.test:${server.port}`;
  assert.deepEqual(await get(opened, destination), { ok: true });
  broken = 1;
  await fails('unreachable', get(opened, destination, { retries: 'none' }));
  assert.notEqual(await opened.destinations.retryAtMs(destination), undefined);
});

test('an answer that is no JSON, too long or too late is none', async () => {
  const server = await serveTls(authority, ['example.test'], (request, response) => {
    if (request.url === '/late') return;
    response.end(request.url === '/long' ? 'x'.repeat(10_000) : '<html>');
  });
  const opened = await openClient({ authority });
  const destination = `example.test:${server.port}`;
  await fails('bad-answer', get(opened, destination));
  await fails('bad-answer', get(opened, destination, { path: '/long', bodyBytesMax: 1_000 }));
  await fails('unreachable', get(opened, destination, { path: '/late', timeoutMs: 200 }));
});

test('a server that is not on the whitelist is not asked', async () => {
  const server = await serveTls(authority, ['example.test', 'friend.test'], ok);
  const { port } = server;
  const options = { federation_domain_whitelist: [`friend.test:${port}`] };
  const opened = await openClient({ authority, options });
  await fails('not-allowed', get(opened, `example.test:${port}`));
  assert.deepEqual(await get(opened, `friend.test:${port}`), { ok: true });
});
