import { once } from 'node:events';
import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer, request as httpsRequest } from 'node:https';

import { formatXMatrix, signJson, signedRequestText, type JsonObject } from '@soma/protocol';

import type { Response } from './api.ts';
import { newSigningKey, type TestSigningKey } from './signing-key.ts';
import { checkAgainstSpec } from './spec-check.ts';
import type { TestAuthority } from './test-certificates.ts';

/** What a request says of itself; by default the truth. */
export interface SignedRequestOptions {
  readonly body?: JsonObject;
  /** Sent in place of the signed body. */
  readonly sentBody?: string;
  /** Sent in place of the signed method and target. */
  readonly sentTarget?: string;
  readonly origin?: string;
  readonly destination?: string | undefined;
  readonly key?: Pick<TestSigningKey, 'keyId' | 'sign'>;
  /** Sent in place of the signature's header; null sends none. */
  readonly authorization?: string | null;
}

/** A server that a test plays: it answers what the test tells it, and signs what the test wants. */
export interface TestPeer {
  readonly serverName: string;
  readonly key: TestSigningKey;
  /** What it was asked, as `GET /path`, oldest first. */
  readonly asked: readonly string[];
  /** Answers everything but its keys; 404 M_UNRECOGNIZED until it is set. */
  answer: RequestListener;
  /** What it publishes of its keys; changed by the test where it lies. */
  keyDocument(): JsonObject;
  publishKeys(document: () => JsonObject): void;
  /** A request to the federation listener of a server, signed by this peer. */
  request(
    serverName: string,
    method: string,
    target: string,
    options?: SignedRequestOptions,
  ): Promise<Response>;
  close(): Promise<void>;
}

const hourMs = 3_600_000;

export async function startPeer(authority: TestAuthority): Promise<TestPeer> {
  const key = newSigningKey('peer');
  const asked: string[] = [];
  const { certificate, key: tlsKey } = authority.issue('127.0.0.1');
  const server = createServer({ cert: certificate, key: tlsKey }, (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.url === '/_matrix/key/v2/server') {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(publish()));
    } else {
      peer.answer(request, response);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const serverName = `127.0.0.1:${port}`;
  const keyDocument = (): JsonObject =>
    signJson(
      {
        server_name: serverName,
        verify_keys: { [key.keyId]: { key: key.publicKey } },
        old_verify_keys: {},
        valid_until_ts: Date.now() + hourMs,
      },
      { serverName, keyId: key.keyId, sign: key.sign },
    );
  let publish = keyDocument;
  const peer: TestPeer = {
    serverName,
    key,
    asked,
    answer: (_request, response) => {
      response.writeHead(404, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ errcode: 'M_UNRECOGNIZED', error: 'not played' }));
    },
    keyDocument,
    publishKeys: (document) => void (publish = document),
    request: (destination, method, target, options = {}) => {
      const signed = { key, origin: serverName, destination, ...options };
      return send(authority, destination, method, target, signed);
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
  return peer;
}

function send(
  authority: TestAuthority,
  serverName: string,
  method: string,
  target: string,
  options: SignedRequestOptions & Required<Pick<SignedRequestOptions, 'key' | 'origin'>>,
): Promise<Response> {
  const { body, sentBody, sentTarget = target, key, origin, destination } = options;
  const signed = { method, uri: target, origin, destination: destination ?? serverName };
  const signature = key.sign(signedRequestText(signed, body));
  const authorization =
    options.authorization === undefined
      ? formatXMatrix({ origin, destination, keyId: key.keyId, signature })
      : options.authorization;
  const payload = sentBody ?? (body === undefined ? undefined : JSON.stringify(body));
  const [host, port] = serverName.split(':');
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(
      {
        host,
        port,
        method,
        path: sentTarget,
        ca: authority.certificate,
        agent: false,
        headers: {
          ...(authorization === null ? {} : { authorization }),
          ...(payload === undefined ? {} : { 'content-length': Buffer.byteLength(payload) }),
        },
      },
      (incoming) => {
        const answered = readAnswer(incoming).then((answer) => {
          checkAgainstSpec(method, sentTarget, answer);
          return answer;
        });
        answered.then(resolve, reject);
      },
    );
    outgoing.once('error', reject);
    outgoing.end(payload);
  });
}

async function readAnswer(incoming: IncomingMessage): Promise<Response> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  const bytes = Buffer.concat(chunks);
  const text = bytes.toString('utf8');
  const isJson = incoming.headers['content-type']?.startsWith('application/json') ?? false;
  const status = incoming.statusCode ?? 0;
  return { status, headers: incoming.headers, bytes, body: isJson ? JSON.parse(text) : text };
}
