import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { ask, startEdge } from './edge-under-test.ts';
import type { EdgeUnderTest } from './edge-under-test.ts';

let running: EdgeUnderTest;
before(async () => {
  running = await startEdge();
});
after(() => running.edge.close(1_000));

test('an endpoint answers under every path it has', async () => {
  for (const prefix of ['v3', 'r0', 'unstable', 'api/v1']) {
    const path = `/_matrix/client/${prefix}/rooms/!r:example.org/send/m.room.message/1?ts=5`;
    const { status, json } = await ask(running.port, {
      method: 'PUT',
      path,
      token: 'alice',
      body: '{"body":"hi"}',
    });
    assert.equal(status, 200);
    assert.deepEqual(json, {
      params: { roomId: '!r:example.org', eventType: 'm.room.message', txnId: '1' },
      query: { ts: 5 },
      body: { body: 'hi' },
      user: '@alice:example.org',
    });
  }
});

test('parameters are percent-decoded once, and an encoded slash stays inside', async () => {
  const cases: readonly (readonly [string, string])[] = [
    ['a%2Fb', 'a/b'],
    ['a%252Fb', 'a%2Fb'],
    ['%25', '%'],
    ['%2525', '%25'],
    ['%F0%9F%98%80%20x', '😀 x'],
    ['a+b', 'a+b'],
    ['%3F%23%26', '?#&'],
    ['%2e%2e', '..'],
    ['..', '..'],
    ['x'.repeat(5_000), 'x'.repeat(5_000)],
  ];
  for (const [sent, expected] of cases) {
    const path = `/_matrix/client/v3/rooms/r/state/${sent}/key`;
    const { status, json } = await ask(running.port, { path, token: 'alice' });
    assert.equal(status, 200, sent);
    assert.deepEqual(json, { roomId: 'r', eventType: expected, stateKey: 'key' });
  }
});

test('a malformed percent-encoding is M_INVALID_PARAM', async () => {
  for (const wrong of ['%', '%zz', '%e4', '%2', '%C0%80', 'ok%ED%A0%80']) {
    const path = `/_matrix/client/v3/rooms/r/state/${wrong}/key`;
    const { status, json } = await ask(running.port, { path, token: 'alice' });
    assert.equal(status, 400, wrong);
    assert.partialDeepStrictEqual(json, { errcode: 'M_INVALID_PARAM' });
  }
});

test('an empty state key may be left out, with or without a slash', async () => {
  for (const end of ['', '/']) {
    const path = `/_matrix/client/v3/rooms/r/state/m.room.name${end}`;
    const { json } = await ask(running.port, { path, token: 'alice' });
    assert.deepEqual(json, { roomId: 'r', eventType: 'm.room.name', stateKey: '' });
  }
});

test('an unknown path is 404, a known one with another method 405', async () => {
  const unknown = { errcode: 'M_UNRECOGNIZED', error: 'Unrecognized request' };
  for (const path of ['/', '/nope', '/_matrix/client/v3/login/', '/_matrix/client/v4/login', '*']) {
    const { status, json } = await ask(running.port, { path });
    assert.equal(status, 404, path);
    assert.deepEqual(json, unknown);
  }
  for (const method of ['DELETE', 'GET', 'PATCH', 'PROPFIND']) {
    const { status, json } = await ask(running.port, { method, path: '/_matrix/client/v3/login' });
    assert.equal(status, 405, method);
    assert.deepEqual(json, unknown);
  }
});

test('HEAD is GET without the body', async () => {
  const get = await ask(running.port, { path: '/_matrix/client/v3/versions' });
  const head = await ask(running.port, { method: 'HEAD', path: '/_matrix/client/v3/versions' });
  assert.equal(head.status, 200);
  assert.equal(head.text, '');
  assert.equal(head.headers['content-length'], get.headers['content-length']);
  assert.equal(
    (await ask(running.port, { method: 'HEAD', path: '/_matrix/client/v3/login' })).status,
    405,
  );
  const stream = await ask(running.port, {
    method: 'HEAD',
    path: '/_matrix/client/v3/sample/stream',
  });
  assert.equal(stream.text, '');
});

test('every response has the CORS headers, and OPTIONS runs nothing', async () => {
  const refused = await ask(running.port, { path: '/nope' });
  const answered = await ask(running.port, { path: '/_matrix/client/v3/versions' });
  const preflights = await Promise.all(
    ['/_matrix/client/v3/sync', '/nope', '*', '/%zz'].map((path) =>
      ask(running.port, { method: 'OPTIONS', path }),
    ),
  );
  for (const { headers } of [refused, answered, ...preflights]) {
    assert.equal(headers['access-control-allow-origin'], '*');
    assert.match(headers['access-control-allow-methods'] ?? '', /GET.*POST.*PUT.*DELETE.*OPTIONS/);
    assert.match(
      headers['access-control-allow-headers'] ?? '',
      /X-Requested-With, Content-Type, Authorization/,
    );
    assert.match(headers['access-control-expose-headers'] ?? '', /Retry-After/);
  }
  for (const { status, text } of preflights) {
    assert.equal(status, 204);
    assert.equal(text, '');
  }
  assert.deepEqual(running.seen, []);
});

test('health is plain text', async () => {
  const { status, text, headers } = await ask(running.port, { path: '/health' });
  assert.equal(status, 200);
  assert.equal(text, 'OK');
  assert.match(headers['content-type'] ?? '', /^text\/plain/);
});

test('a listener serves its resources only, and health', async () => {
  const federation = await startEdge({ resources: ['federation'] });
  const statuses = async (path: string): Promise<number> =>
    (await ask(federation.port, { path, token: 'admin' })).status;
  assert.equal(await statuses('/_matrix/client/v3/versions'), 404);
  assert.equal(await statuses('/_synapse/admin/v1/users'), 404);
  assert.equal(await statuses('/_matrix/media/v3/upload'), 405);
  assert.equal(await statuses('/health'), 200);
  await federation.edge.close(1_000);
});

test('bodies come as JSON text, HTML, and streams', async () => {
  const sample = (kind: string) => ask(running.port, { path: `/_matrix/client/v3/sample/${kind}` });
  const json = await sample('json');
  assert.equal(json.text, '{"z":1,"2":"ü","1":0}');
  assert.equal(json.headers['content-type'], 'application/json');
  assert.equal(json.headers['content-length'], String(Buffer.byteLength(json.text)));
  const html = await sample('html');
  assert.equal(html.headers['content-type'], 'text/html; charset=utf-8');
  assert.equal(html.headers['x-frame-options'], 'DENY');
  const stream = await sample('stream');
  assert.deepEqual(stream.json, { parts: ['ä'.repeat(500_000)] });
  assert.equal(stream.headers['transfer-encoding'], 'chunked');
  assert.deepEqual((await sample('body-key')).json, { body: 'text', status: 'sent', headers: {} });
});

test('a fault is logged with its cause and tells the client nothing', async () => {
  for (const kind of ['throws', 'rejects']) {
    running.log.length = 0;
    const { status, json } = await ask(running.port, { path: `/_matrix/client/v3/sample/${kind}` });
    assert.equal(status, 500);
    assert.deepEqual(json, { errcode: 'M_UNKNOWN', error: 'Internal server error' });
    const [fault, line] = running.log;
    assert.match(JSON.stringify(fault), /a secret of the server/);
    assert.equal(fault?.['id'], line?.['id']);
  }
});

test('a stream that fails half-way breaks the connection', async () => {
  const broken = ask(running.port, { path: '/_matrix/client/v3/sample/broken-stream' });
  await assert.rejects(broken);
});

test('a refusal of a handler goes to the client', async () => {
  const path = '/_matrix/client/v3/rooms/r/state/m.absent/x';
  const { status, json } = await ask(running.port, { path, token: 'alice' });
  assert.equal(status, 404);
  assert.deepEqual(json, { errcode: 'M_NOT_FOUND', error: 'No such state' });
});

test('each request has one log line, without the query', async () => {
  running.log.length = 0;
  await ask(running.port, { path: '/_matrix/client/v3/versions?access_token=alice&x=secret' });
  assert.equal(running.log.length, 1);
  const [line] = running.log;
  assert.partialDeepStrictEqual(line, {
    op: 'optional',
    method: 'GET',
    path: '/_matrix/client/v3/versions',
    status: 200,
    user: '@alice:example.org',
    bytes: 29,
    address: '127.0.0.1',
  });
  assert.equal(typeof line?.['ms'], 'number');
  assert.equal(typeof line?.['id'], 'string');
  assert.doesNotMatch(JSON.stringify(line), /access_token|secret/);
});
