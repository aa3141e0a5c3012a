import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Type } from 'typebox';

import { parseServerName } from '@soma/protocol';

import { unauthorized } from '../errors/matrix-error.ts';
import type { ServerRequest } from './authenticate.ts';
import { ask, startEdge } from './edge-under-test.ts';
import type { EdgeUnderTest } from './edge-under-test.ts';
import { endpoint, mount } from './endpoint.ts';

const described = {
  summary: 'For a test',
  spec: 'Tests',
  authentication: 'server',
  errcodes: [],
} as const;

const getSigned = endpoint({
  ...described,
  operationId: 'getSigned',
  method: 'GET',
  paths: ['/_matrix/federation/v1/get/{name}'],
  query: Type.Object({ count: Type.Integer() }),
  handle: ({ origin, params, query }) => ({ origin, name: params.name, count: query.count }),
});

const putSigned = endpoint({
  ...described,
  operationId: 'putSigned',
  method: 'PUT',
  paths: ['/_matrix/federation/v1/put'],
  body: Type.Object({ text: Type.String() }),
  bodyBytesMax: 100,
  handle: ({ origin, body }) => ({ origin, text: body.text }),
});

const origin = parseServerName('origin.test');
let edge: EdgeUnderTest;
let open: EdgeUnderTest;
const received: ServerRequest[] = [];

before(async () => {
  const endpoints = mount([getSigned, putSigned], undefined);
  const listener = { resources: ['federation'] as const };
  edge = await startEdge(listener, {
    endpoints,
    authenticateServer: async (request) => {
      received.push(request);
      if (request.authorization[0] !== 'good' || origin === undefined) throw unauthorized('no');
      return origin;
    },
  });
  open = await startEdge(listener, { endpoints });
});
after(async () => {
  await edge.edge.close(100);
  await open.edge.close(100);
});

const good = { authorization: 'good' };

test('the request is authenticated as it was sent, and the handler learns its server', async () => {
  const path = '/_matrix/federation/v1/get/a%2Fb?count=3&x=%20';
  const got = await ask(edge.port, { path, headers: good });
  assert.deepEqual(got.json, { origin: 'origin.test', name: 'a/b', count: 3 });
  assert.deepEqual(received.pop(), {
    method: 'GET',
    target: path,
    authorization: ['good'],
    body: undefined,
    clientAddress: '127.0.0.1',
  });
  const put = { method: 'PUT', path: '/_matrix/federation/v1/put', headers: good };
  const answer = await ask(edge.port, { ...put, body: '{ "text": "é" }' });
  assert.deepEqual(answer.json, { origin: 'origin.test', text: 'é' });
  assert.deepEqual(received.pop()?.body, {
    bytes: Buffer.from('{ "text": "é" }'),
    content: { text: 'é' },
  });
});

test('nothing of a request is looked at before it is authenticated, but what it takes to do so', async () => {
  const put = { method: 'PUT', path: '/_matrix/federation/v1/put' };
  for (const [request, status, errcode] of [
    [{ path: '/_matrix/federation/v1/get/a?count=x' }, 401, 'M_UNAUTHORIZED'],
    [
      { path: '/_matrix/federation/v1/get/a', headers: { authorization: 'bad' } },
      401,
      'M_UNAUTHORIZED',
    ],
    [{ ...put, body: '{' }, 401, 'M_UNAUTHORIZED'],
    [{ ...put, headers: { authorization: 'bad' }, body: '{}' }, 401, 'M_UNAUTHORIZED'],
    [{ ...put, headers: good, body: '{' }, 400, 'M_NOT_JSON'],
    [{ ...put, headers: good, body: '' }, 400, 'M_NOT_JSON'],
    [{ ...put, headers: good, body: '{}' }, 400, 'M_MISSING_PARAM'],
    [{ ...put, headers: good, body: '[]' }, 400, 'M_BAD_JSON'],
    [{ ...put, headers: good, body: JSON.stringify('x'.repeat(200)) }, 413, 'M_TOO_LARGE'],
    [{ path: '/_matrix/federation/v1/get/a?count=x', headers: good }, 400, 'M_INVALID_PARAM'],
  ] as const) {
    const answer = await ask(edge.port, request);
    const found = [answer.status, (answer.json as { errcode?: unknown }).errcode];
    assert.deepEqual(found, [status, errcode], JSON.stringify(request));
  }
});

test('an edge that knows no servers lets none in', async () => {
  const path = '/_matrix/federation/v1/get/a?count=1';
  assert.equal((await ask(open.port, { path, headers: good })).status, 403);
});
