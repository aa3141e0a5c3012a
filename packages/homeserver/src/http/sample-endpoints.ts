import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { Type } from 'typebox';

import { parseUserId } from '@soma/protocol';
import type { UserId } from '@soma/protocol';

import { notFound } from '../errors/matrix-error.ts';
import type { TokenVerdict } from './authenticate.ts';
import type { Endpoint, Requester } from './endpoint.ts';
import { clientPaths, endpointFor } from './endpoint.ts';
import { HtmlText, JsonStream, JsonText, reply } from './response.ts';
import { JsonObject } from './schemas.ts';

/** What the sample endpoints, for the tests of this folder, are given. */
export interface SampleServices {
  /** What handlers saw, in order. */
  readonly seen: unknown[];
}

const sampleEndpoint = endpointFor<SampleServices>();
const common = { spec: 'Samples', summary: 'A sample', errcodes: [] } as const;

const send = sampleEndpoint({
  ...common,
  operationId: 'send',
  method: 'PUT',
  paths: clientPaths('/rooms/{roomId}/send/{eventType}/{txnId}', { apiV1: true }),
  authentication: 'required',
  query: Type.Object({ ts: Type.Optional(Type.Integer()) }),
  body: JsonObject,
  handle({ params, query, body, requester }) {
    return { params, query, body, user: requester.userId };
  },
});

const state = sampleEndpoint({
  ...common,
  operationId: 'state',
  method: 'GET',
  paths: [
    ...clientPaths('/rooms/{roomId}/state/{eventType}'),
    ...clientPaths('/rooms/{roomId}/state/{eventType}/'),
    ...clientPaths('/rooms/{roomId}/state/{eventType}/{stateKey}'),
  ],
  authentication: 'required',
  guests: true,
  handle({ params }) {
    if (params.eventType === 'm.absent') throw notFound('No such state');
    return { ...params, stateKey: params.stateKey ?? '' };
  },
});

const login = sampleEndpoint({
  ...common,
  operationId: 'login',
  method: 'POST',
  paths: clientPaths('/login'),
  authentication: 'none',
  rateLimit: 'rc_login.address',
  bodyBytesMax: 100_000,
  body: Type.Object({
    type: Type.String(),
    user: Type.Optional(Type.Object({ id: Type.String() })),
  }),
  handle: ({ body, clientAddress }) => ({ type: body.type, clientAddress }),
});

const logout = sampleEndpoint({
  ...common,
  operationId: 'logout',
  method: 'POST',
  paths: clientPaths('/logout'),
  authentication: 'required',
  locked: true,
  body: JsonObject,
  bodyOptional: true,
  handle: ({ body }) => body,
});

const admin = sampleEndpoint({
  ...common,
  operationId: 'admin',
  method: 'GET',
  paths: ['/_synapse/admin/v1/users'],
  authentication: 'admin',
  handle: async ({ requester }) =>
    reply({ user: requester.userId }, { status: 201, headers: { 'cache-control': 'max-age=60' } }),
});

const optional = sampleEndpoint({
  ...common,
  operationId: 'optional',
  method: 'GET',
  paths: clientPaths('/versions'),
  authentication: 'optional',
  handle: ({ requester }) => ({ user: requester?.userId ?? null }),
});

const text = sampleEndpoint({
  ...common,
  operationId: 'text',
  method: 'GET',
  paths: clientPaths('/sample/{kind}'),
  authentication: 'none',
  handle({ params }, { seen }) {
    switch (params.kind) {
      case 'json':
        return new JsonText('{"z":1,"2":"ü","1":0}');
      case 'html':
        return new HtmlText('<p>hello</p>');
      case 'stream':
        return new JsonStream(chunks());
      case 'endless-stream':
        return new JsonStream(endlessChunks(seen));
      case 'slow-stream':
        return new JsonStream(slowChunks());
      case 'broken-stream':
        return new JsonStream(brokenChunks());
      case 'body-key':
        return { body: 'text', status: 'sent', headers: {} };
      case 'rejects':
        return Promise.reject(new Error('a secret of the server'));
      default:
        throw new Error('a secret of the server');
    }
  },
});

const poll = sampleEndpoint({
  ...common,
  operationId: 'poll',
  method: 'GET',
  paths: clientPaths('/sync'),
  authentication: 'required',
  async handle({ signal }, { seen }) {
    seen.push('polling');
    if (!signal.aborted) await once(signal, 'abort');
    seen.push(signal.reason instanceof Error ? signal.reason.message : 'no reason');
    return { next_batch: 's1' };
  },
});

const slow = sampleEndpoint({
  ...common,
  operationId: 'slow',
  method: 'GET',
  paths: clientPaths('/slow'),
  authentication: 'none',
  async handle(_request, { seen }) {
    seen.push('slow');
    await sleep(100);
    return { done: true };
  },
});

const upload = sampleEndpoint({
  ...common,
  operationId: 'upload',
  method: 'POST',
  paths: ['/_matrix/media/v3/upload'],
  authentication: 'required',
  bodyAs: 'stream',
  bodyBytesMax: 200_000,
  async handle({ body }) {
    let bytes = 0;
    for await (const chunk of body) bytes += chunk.length;
    return { bytes };
  },
});

async function* chunks(): AsyncGenerator<string> {
  yield '{"parts":["';
  for (let index = 0; index < 50; index += 1) yield 'ä'.repeat(10_000);
  yield '"]}';
}

async function* endlessChunks(seen: unknown[]): AsyncGenerator<string> {
  try {
    // Ends after all, so that a server without backpressure fails the test and does not hang it.
    for (let index = 0; index < 5_000; index += 1) {
      seen.push(index);
      yield 'x'.repeat(65_536);
    }
  } finally {
    seen.push('closed');
  }
}

async function* slowChunks(): AsyncGenerator<string> {
  yield '{"parts":[';
  await sleep(50);
  yield ']}';
}

async function* brokenChunks(): AsyncGenerator<string> {
  yield '{"parts":[';
  throw new Error('the database is gone');
}

export const sampleEndpoints: readonly Endpoint<SampleServices>[] = [
  send,
  state,
  login,
  logout,
  admin,
  optional,
  text,
  poll,
  slow,
  upload,
];

function userIdOf(id: string): UserId {
  const userId = parseUserId(id);
  if (userId === undefined) throw new Error(`${id} is not a user ID`);
  return userId;
}

const alice: Requester = {
  userId: userIdOf('@alice:example.org'),
  userNid: 1,
  deviceId: 'A',
  deviceNid: 1,
  tokenNid: 1,
  isAdmin: false,
  isGuest: false,
};

/** Tokens of the sample. `slow` is resolved later, the others at once. */
export function resolveSampleToken(token: string): TokenVerdict | Promise<TokenVerdict> {
  switch (token) {
    case 'alice':
      return alice;
    case 'slow':
      return sleep(5, alice);
    case 'admin':
      return { ...alice, userId: userIdOf('@admin:example.org'), isAdmin: true };
    case 'guest':
      return { ...alice, isGuest: true };
    case 'locked':
      return { ...alice, isLocked: true };
    case 'expired':
      return 'soft_logout';
    default:
      return undefined;
  }
}
