import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { api } from './api.ts';
import type { TestUser } from './client.ts';
import { listAt, textAt, valueAt } from './json-path.ts';

/** What the homeserver asked the service. */
export interface AskedRequest {
  readonly method: string;
  /** As sent, with its query. */
  readonly target: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

/** How the service answers; undefined for an answer that never comes. */
export interface ServiceAnswer {
  readonly status: number;
  readonly body?: unknown;
}

/** An application service that the test plays. */
export interface TestApplicationService {
  readonly id: string;
  readonly url: string;
  readonly asToken: string;
  readonly hsToken: string;
  /** For `app_service_config_files`. */
  readonly registrationFile: string;
  /** Everything that it was asked, in order. */
  readonly requests: AskedRequest[];
  /** Decides the answers from now on; undefined for the usual 200 with `{}`, and for nothing at all. */
  answer: (request: AskedRequest) => ServiceAnswer | undefined | Promise<ServiceAnswer | undefined>;
  /** The bodies of the transactions that it has taken, each once. */
  transactions(): unknown[];
  /** All events that it was told, in order. */
  events(): unknown[];
  /** Waits until something holds; fails after a while, with what came. */
  until<T>(what: () => T | undefined): Promise<T>;
  /** Waits until it has been told the event. */
  untilEvent(eventId: string): Promise<unknown>;
  /** The client-server API with its token, as its sender or as another user. */
  as(server: { readonly url: string }, userId?: string): TestUser;
  close(): Promise<void>;
}

export interface ServiceOptions {
  readonly id?: string;
  readonly senderLocalpart?: string;
  readonly namespaces?: Readonly<Record<string, readonly object[]>>;
  /** More keys of the registration. */
  readonly registration?: Readonly<Record<string, unknown>>;
}

const PATIENCE_MS = 15_000;

export async function startApplicationService(
  options: ServiceOptions = {},
): Promise<TestApplicationService> {
  const id = options.id ?? 'bridge';
  const requests: AskedRequest[] = [];
  const taken = new Map<string, unknown>();
  const listeners = new Set<() => void>();
  const server = createServer((incoming, response) => {
    void readBody(incoming).then(async (body) => {
      const { method = '', url: target = '', headers } = incoming;
      const asked = { method, target, authorization: headers.authorization, body };
      requests.push(asked);
      const answer = await service.answer(asked);
      const transaction = /^\/_matrix\/app\/v1\/transactions\/([^?]+)/.exec(target)?.[1];
      if (transaction !== undefined && answer?.status === 200) taken.set(transaction, body);
      for (const listener of listeners) listener();
      if (answer === undefined) return;
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer.body ?? {}));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const asToken = `as-token-of-${id}`;
  const hsToken = `hs-token-of-${id}`;
  const file = writeRegistration({ id, url, asToken, hsToken }, options);
  const until = waiting(listeners, requests);
  const service: TestApplicationService = {
    id,
    url,
    asToken,
    hsToken,
    registrationFile: file,
    requests,
    answer: () => ({ status: 200, body: {} }),
    transactions: () => [...taken.values()],
    events: () => [...taken.values()].flatMap((body) => listAt(body, 'events')),
    until,
    untilEvent: (eventId) =>
      until(() => service.events().find((one) => valueAt(one, 'event_id') === eventId)),
    as: (at, userId) => clientOf(at, asToken, userId),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
  return service;
}

function writeRegistration(
  { id, url, asToken, hsToken }: Record<'id' | 'url' | 'asToken' | 'hsToken', string>,
  { senderLocalpart = '_bridge_bot', namespaces, registration }: ServiceOptions,
): string {
  const folder = mkdtempSync(join(tmpdir(), 'soma-service-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'registration.yaml');
  const content = {
    id,
    url,
    as_token: asToken,
    hs_token: hsToken,
    sender_localpart: senderLocalpart,
    namespaces: namespaces ?? {
      users: [{ exclusive: true, regex: '@_bridge_.*' }],
      aliases: [{ exclusive: true, regex: '#_bridge_.*' }],
      rooms: [],
    },
    rate_limited: false,
    ...registration,
  };
  writeFileSync(file, JSON.stringify(content));
  return file;
}

function waiting(
  listeners: Set<() => void>,
  requests: readonly AskedRequest[],
): TestApplicationService['until'] {
  return (what) =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        const found = what();
        if (found === undefined) return;
        clearTimeout(timer);
        listeners.delete(check);
        resolve(found);
      };
      const timer = setTimeout(() => {
        listeners.delete(check);
        reject(new Error(`the service was told only ${JSON.stringify(requests).slice(-4_000)}`));
      }, PATIENCE_MS);
      listeners.add(check);
      check();
    });
}

/** Registers a user of the service. */
export async function registerServiceUser(
  server: { readonly url: string },
  service: TestApplicationService,
  localpart: string,
): Promise<TestUser> {
  const body = { type: 'm.login.application_service', username: localpart, inhibit_login: true };
  const token = service.asToken;
  const answer = await api(server.url).request('POST', '/_matrix/client/v3/register', {
    body,
    token,
  });
  return service.as(server, textAt(answer.body, 'user_id'));
}

function clientOf(
  { url }: { readonly url: string },
  token: string,
  userId: string | undefined,
): TestUser {
  const { request } = api(url);
  return {
    userId: userId ?? '',
    accessToken: token,
    deviceId: '',
    request: (method, path, options = {}) => {
      const query = { ...(userId === undefined ? {} : { user_id: userId }), ...options.query };
      return request(method, path, { token, ...options, query });
    },
  };
}

async function readBody(incoming: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) if (chunk instanceof Buffer) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  return text === '' ? undefined : JSON.parse(text);
}
