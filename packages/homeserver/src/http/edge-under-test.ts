import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { Type } from 'typebox';

import { createLogger } from '../telemetry/logger.ts';
import type { TokenVerdict } from './authenticate.ts';
import type { Endpoint, Requester } from './endpoint.ts';
import { clientPaths, endpointFor, mount } from './endpoint.ts';
import { notFound } from './errors.ts';
import { listen } from './listen.ts';
import type { EdgeOptions, HttpEdge, ListenerDescription } from './listen.ts';
import { RateLimiter } from './rate-limit.ts';
import { HtmlText, JsonStream, JsonText, reply } from './response.ts';
import { JsonObject } from './schemas.ts';

/** Sample endpoints behind a real listener, for the tests of this folder. */
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
  body: Type.Object({ type: Type.String(), user: Type.Optional(Type.Object({ id: Type.String() })) }),
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
  handle: async ({ requester }) => reply({ user: requester.userId }, { status: 201 }),
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
  handle({ params }) {
    switch (params.kind) {
      case 'json':
        return new JsonText('{"z":1,"2":"ü","1":0}');
      case 'html':
        return new HtmlText('<p>hello</p>');
      case 'stream':
        return new JsonStream(chunks());
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

const alice: Requester = {
  userId: '@alice:example.org',
  userNid: 1,
  deviceId: 'A',
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
      return { ...alice, userId: '@admin:example.org', isAdmin: true };
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

export interface EdgeUnderTest {
  readonly edge: HttpEdge;
  readonly port: number;
  readonly seen: unknown[];
  /** The log's lines, parsed. */
  readonly log: Record<string, unknown>[];
}

export async function startEdge(
  listener: Partial<ListenerDescription> = {},
  options: Partial<EdgeOptions> = {},
): Promise<EdgeUnderTest> {
  const log: Record<string, unknown>[] = [];
  const { logger } = createLogger({ destination: { write: (line) => log.push(JSON.parse(line)) } });
  const seen: unknown[] = [];
  const edge = await listen(
    [{ port: 0, bindAddresses: ['127.0.0.1'], xForwarded: false, resources: ['client'], ...listener }],
    {
      endpoints: mount(sampleEndpoints, { seen }),
      resolveToken: resolveSampleToken,
      rateLimits: {
        'rc_login.address': {
          limiter: new RateLimiter({ perSecond: 0.01, burstCount: 1000 }),
          keyedBy: 'address',
        },
      },
      logger,
      ...options,
    },
  );
  return { edge, port: edge.addresses[0]?.port ?? 0, seen, log };
}

export interface SampleRequest {
  readonly method?: string;
  readonly path: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface SampleResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: unknown;
}

/** Sends the path as it is given, without the normalisation of a URL object. */
export async function ask(port: number, sample: SampleRequest): Promise<SampleResponse> {
  const { method = 'GET', path, token, headers = {}, body } = sample;
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const request = httpRequest({
    port,
    host: '127.0.0.1',
    method,
    path,
    headers: { ...authorization, ...headers },
    agent: false,
  });
  request.end(body);
  const [response] = await once(request, 'response');
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part);
  const received = Buffer.concat(parts).toString('utf8');
  const isJson = response.headers['content-type'] === 'application/json' && received !== '';
  return {
    status: response.statusCode,
    headers: response.headers,
    text: received,
    json: isJson ? JSON.parse(received) : undefined,
  };
}

/** A connection on which a test writes bytes of its own choice. */
export async function connectTo(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/** Everything that the server sends until it closes the connection. */
export async function readToEnd(socket: Socket): Promise<string> {
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  socket.on('error', () => {});
  if (!socket.destroyed) await once(socket, 'close');
  return Buffer.concat(parts).toString('utf8');
}
