import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import fc from 'fast-check';

import { ask, connectTo, readToEnd, startEdge } from './edge-under-test.ts';
import type { EdgeUnderTest, SampleResponse } from './edge-under-test.ts';

let running: EdgeUnderTest;
before(async () => {
  running = await startEdge(
    {},
    {
      timeouts: {
        headersTimeoutMs: 200,
        requestTimeoutMs: 300,
        timeoutCheckMs: 50,
        heldBodyTimeoutMs: 100,
      },
    },
  );
});
after(() => running.edge.close(1_000));

const loginPath = '/_matrix/client/v3/login';
const sendPath = '/_matrix/client/v3/rooms/r/send/m.x/1';

const login = (body?: string | Uint8Array): Promise<SampleResponse> =>
  ask(
    running.port,
    body === undefined
      ? { method: 'POST', path: loginPath }
      : { method: 'POST', path: loginPath, body },
  );

async function refusal(body?: string | Uint8Array): Promise<string> {
  const { status, json } = await login(body);
  assert.ok(typeof json === 'object' && json !== null && 'errcode' in json && 'error' in json);
  return `${status} ${String(json.errcode)} ${String(json.error)}`;
}

test('what is not JSON is M_NOT_JSON', async () => {
  for (const wrong of [
    undefined,
    '',
    ' ',
    '{',
    '{"type":1,}',
    'type=x',
    '\uFEFF{"type":"x"}',
    'NaN',
  ]) {
    assert.match(await refusal(wrong), /^400 M_NOT_JSON/, wrong);
  }
  assert.match(await refusal(Buffer.from('{"type":"ü"}', 'latin1')), /^400 M_NOT_JSON/);
});

test('a wrong shape is M_BAD_JSON, an absent field M_MISSING_PARAM, with the path', async () => {
  assert.match(await refusal('[]'), /^400 M_BAD_JSON .*object/);
  assert.match(await refusal('"text"'), /^400 M_BAD_JSON .*object/);
  assert.match(await refusal('{"type":5}'), /^400 M_BAD_JSON .*type.*string/);
  assert.match(await refusal('{"type":"x","user":{"id":null}}'), /^400 M_BAD_JSON .*user\.id/);
  assert.match(await refusal('{}'), /^400 M_MISSING_PARAM .*type/);
  assert.match(await refusal('{"type":"x","user":{}}'), /^400 M_MISSING_PARAM .*user\.id/);
});

test('a wrong query is refused', async () => {
  const path = `${sendPath}?ts=soon`;
  const { status, json } = await ask(running.port, {
    method: 'PUT',
    path,
    token: 'alice',
    body: '{}',
  });
  assert.equal(status, 400);
  assert.partialDeepStrictEqual(json, { errcode: 'M_INVALID_PARAM' });
});

test('an optional body may be empty, and is checked when it is there', async () => {
  const logout = (body?: string) => {
    const sample = { method: 'POST', path: '/_matrix/client/v3/logout', token: 'alice' };
    return ask(running.port, body === undefined ? sample : { ...sample, body });
  };
  assert.deepEqual((await logout()).json, {});
  assert.deepEqual((await logout('{"a":1}')).json, { a: 1 });
  assert.equal((await logout('nonsense')).status, 400);
});

test('event content comes through as it was sent', async () => {
  const content =
    '{"10":1,"z":{"__proto__":{"admin":true},"constructor":1},"a":[1.50,-0,1e3],"e":"\\u0000é"}';
  const { text } = await ask(running.port, {
    method: 'PUT',
    path: sendPath,
    token: 'alice',
    body: content,
  });
  const sent = JSON.stringify(JSON.parse(content));
  assert.ok(text.includes(`"body":${sent}`), text);
});

test('a bomb of nested arrays or objects is refused', async () => {
  assert.match(await refusal('['.repeat(50_000) + ']'.repeat(50_000)), /^400 M_BAD_JSON/);
  assert.match(await refusal(`{"type":${'{"a":'.repeat(18_000)}`), /^400 M_BAD_JSON/);
  assert.match(await refusal(`{"type":"x","user":${'['.repeat(700)}${']'.repeat(700)}}`), /^400/);
});

test('a body over the limit is M_TOO_LARGE, announced or not, and arrives', async () => {
  const large = 'x'.repeat(3_000_000);
  assert.match(await refusal(large), /^413 M_TOO_LARGE/);
  const chunked = await ask(running.port, {
    method: 'POST',
    path: loginPath,
    headers: { 'transfer-encoding': 'chunked' },
    body: large,
  });
  assert.equal(chunked.status, 413);
  assert.equal(chunked.headers.connection, 'close');
});

test('the server does not wait for a body that it has refused', async () => {
  const socket = await connectTo(running.port);
  const answered = readToEnd(socket);
  const errors: unknown[] = [];
  socket.on('error', (error) => errors.push(error));
  socket.write(`POST ${loginPath} HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n{"ty`);
  await once(socket, 'data');
  // A client that is still sending must not be reset before it has read the answer.
  for (let part = 0; part < 5; part += 1) {
    socket.write('x'.repeat(50_000));
    await sleep(2);
  }
  assert.equal(socket.readableEnded, false);
  socket.end();
  assert.match(await answered, /^HTTP\/1\.1 413 [^]*M_TOO_LARGE/);
  assert.deepEqual(errors, []);
});

test('a refused token does not make the server read a large body', async () => {
  const socket = await connectTo(running.port);
  const head = `PUT ${sendPath} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer nobody\r\n`;
  socket.write(`${head}Content-Length: 500000\r\n\r\n{`);
  assert.match(await readToEnd(socket), /^HTTP\/1\.1 401 [^]*M_UNKNOWN_TOKEN/);
});

test('a client that sends its body too slowly is cut off with 408', async () => {
  const socket = await connectTo(running.port);
  socket.write(`POST ${loginPath} HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n{"type"`);
  const answered = await readToEnd(socket);
  assert.match(answered, /^HTTP\/1\.1 408 /);
  assert.match(answered, /access-control-allow-origin: \*/i);
});

test('a large body of nobody in particular has less time', async () => {
  const socket = await connectTo(running.port);
  const part = ' '.repeat(70_000);
  socket.write(`POST ${loginPath} HTTP/1.1\r\nHost: x\r\nContent-Length: 80000\r\n\r\n${part}`);
  assert.equal(await readToEnd(socket), '');
});

test('a client that sends its headers too slowly is cut off too', async () => {
  const socket = await connectTo(running.port);
  socket.write(`POST ${loginPath} HTTP/1.1\r\nHost:`);
  assert.match(await readToEnd(socket), /^HTTP\/1\.1 408 /);
});

test('headers over the limit are 431, what is not HTTP is 400', async () => {
  const large = await connectTo(running.port);
  large.write(`GET / HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(100_000)}\r\n\r\n`);
  assert.match(await readToEnd(large), /^HTTP\/1\.1 431 [^]*M_TOO_LARGE/);
  const wrong = await connectTo(running.port);
  wrong.write('\u0016\u0003\u0001 hello\r\n\r\n');
  assert.match(await readToEnd(wrong), /^HTTP\/1\.1 400 [^]*M_UNKNOWN/);
});

test('one connection carries many requests, also after refusals', async () => {
  const socket = await connectTo(running.port);
  const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;
  const post = (body: string) =>
    `POST ${loginPath} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const ended = readToEnd(socket);
  socket.write(
    get('/health') +
      post('[') +
      get('/nope') +
      post('{"type":"a"}') +
      get('/health', 'Connection: close\r\n'),
  );
  const statuses = [...(await ended).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
  assert.deepEqual(statuses, ['200', '400', '404', '200', '200']);
});

test('an upload is read as it arrives, up to its limit', async () => {
  const upload = (bytes: number) =>
    ask(running.port, {
      method: 'POST',
      path: '/_matrix/media/v3/upload',
      token: 'alice',
      body: Buffer.alloc(bytes),
    });
  assert.deepEqual((await upload(150_000)).json, { bytes: 150_000 });
  assert.deepEqual((await upload(0)).json, { bytes: 0 });
  assert.equal((await upload(250_000)).status, 413);
});

test('a client that goes away during its body leaves nothing behind but a log line', async () => {
  running.log.length = 0;
  const socket = await connectTo(running.port);
  socket.write(`POST ${loginPath} HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n{"type"`);
  // A request on another connection gives the server the time to begin with the first.
  await ask(running.port, { path: '/health' });
  socket.resetAndDestroy();
  while (running.log.length < 2) await ask(running.port, { path: '/health' });
  const line = running.log.find(({ op }) => op === 'login');
  assert.equal(line?.['status'], 499);
});

test('no body makes a sample endpoint fail or hang', async () => {
  const body = fc.oneof(
    fc.json({ maxDepth: 4 }),
    fc.uint8Array({ maxLength: 200 }),
    fc.string({ maxLength: 50 }),
    fc
      .record({ type: fc.jsonValue({ maxDepth: 2 }), user: fc.jsonValue({ maxDepth: 2 }) })
      .map((value) => JSON.stringify(value)),
  );
  await fc.assert(
    fc.asyncProperty(body, async (sent) => {
      const answers = await Promise.all([
        login(sent),
        ask(running.port, { method: 'PUT', path: sendPath, token: 'alice', body: sent }),
        ask(running.port, {
          method: 'POST',
          path: '/_matrix/client/v3/logout',
          token: 'alice',
          body: sent,
        }),
      ]);
      for (const { status } of answers) assert.ok(status === 200 || status === 400, String(status));
    }),
    { numRuns: 60 },
  );
});

test('no path or query makes a sample endpoint fail or hang', async () => {
  const character = fc.constantFrom(
    ...'abz019%/?&=+.:!$~-_;#,@*(){}[]',
    '%2F',
    '%ff',
    '%00',
    'ts=',
    '/state/',
  );
  const ending = fc.array(character, { maxLength: 20 }).map((parts) => parts.join(''));
  await fc.assert(
    fc.asyncProperty(ending, async (end) => {
      const path = `/_matrix/client/v3/rooms/r/send/${end}`;
      const { status } = await ask(running.port, {
        method: 'PUT',
        path,
        token: 'alice',
        body: '{}',
      });
      assert.ok([200, 400, 401, 404, 405].includes(status), `${status} ${path}`);
    }),
    { numRuns: 100 },
  );
});
