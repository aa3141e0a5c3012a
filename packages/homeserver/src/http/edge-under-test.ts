import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

import { createLogger } from '../telemetry/logger.ts';
import { mount } from './endpoint.ts';
import { listen } from './listen.ts';
import type { EdgeOptions, HttpEdge, ListenerDescription } from './listen.ts';
import { RateLimiter } from './rate-limit.ts';
import { resolveSampleToken, sampleEndpoints } from './sample-endpoints.ts';

/** The sample endpoints behind a real listener. */
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
    [
      {
        port: 0,
        bindAddresses: ['127.0.0.1'],
        xForwarded: false,
        resources: ['client'],
        ...listener,
      },
    ],
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
