import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import type { Server, TlsOptions } from 'node:tls';

import { parseServerName } from '@soma/protocol';

import { configFrom } from '../config/parse-config.ts';
import { generateSigningKeyLine } from '../config/signing-key.ts';
import { addressPolicy } from '../outbound/address-policy.ts';
import { Connections } from '../outbound/connections.ts';
import { openDatabaseUnderTest } from '../storage/database-under-test.ts';
import { Destinations } from './destinations.ts';
import type { SrvRecord } from './discovery/srv-records.ts';
import { FederationClient } from './federation-client.ts';
import { FederationTls } from './federation-tls.ts';
import { FederationTransport } from './federation-transport.ts';

/** A certificate authority of the tests. */
interface TestAuthority {
  /** In PEM. */
  readonly certificate: string;
  issue(...hosts: readonly string[]): { readonly certificate: string; readonly key: string };
}

/** What the world looks like to a client under test. */
export interface World {
  /** The authority that the client trusts. */
  readonly authority: TestAuthority;
  /** Addresses by name. */
  readonly hosts?: Readonly<Record<string, string>>;
  /** Delegations by `.well-known`. */
  readonly wellKnown?: Readonly<Record<string, string>>;
  /** SRV targets as `name:port`, in order. */
  readonly srv?: Readonly<Record<string, readonly string[]>>;
  /** Options of homeserver.yaml. */
  readonly options?: Readonly<Record<string, unknown>>;
}

export interface ClientUnderTest {
  readonly client: FederationClient;
  readonly destinations: Destinations;
  readonly clock: { nowMs: number };
}

/** A real client on a real database; 127.0.0.2 is the world, and other addresses of this machine are forbidden. */
export async function openClient(world: World): Promise<ClientUnderTest> {
  const folder = mkdtempSync(join(tmpdir(), 'soma-client-'));
  const authorityPath = join(folder, 'authority.pem');
  writeFileSync(authorityPath, world.authority.certificate);
  const { config } = configFrom({
    server_name: 'own.test',
    signing_key: generateSigningKeyLine(),
    federation_custom_ca_list: [authorityPath],
    ...world.options,
  });
  const args = { database: join(folder, 'homeserver.db') };
  const database = await openDatabaseUnderTest({ name: 'sqlite3', args });
  const clock = { nowMs: Date.now() };
  const destinations = new Destinations({
    database,
    now: () => clock.nowMs,
    random: () => 0.5,
    retryIntervalMsMin: config.federation.destinationRetryIntervalMsMin,
    retryIntervalMsMax: config.federation.destinationRetryIntervalMsMax,
    retryMultiplier: config.federation.destinationRetryMultiplier,
    reportFault: (error) => {
      throw error;
    },
  });
  const connections = new Connections({
    policy: addressPolicy({ blacklist: ['127.0.0.0/8'], whitelist: ['127.0.0.2'] }),
    resolveHost: async (name) => [world.hosts?.[name] ?? '127.0.0.2'],
    proxy: { httpProxy: undefined, httpsProxy: undefined, noProxyHosts: [] },
    connectTimeoutMs: 5_000,
  });
  const tls = new FederationTls(config.federation);
  const { current } = config.signingKeys;
  const client = new FederationClient({
    signer: { serverName: 'own.test', keyId: current.keyId, sign: current.sign },
    transport: new FederationTransport({ discovery: discoveryIn(world), connections, tls }),
    destinations,
    userAgent: 'Soma/test',
    settings: { ...config.federation, shortRetryDelayMsMax: 20 },
    random: () => 0,
  });
  after(async () => {
    await connections.close();
    await destinations.close();
    await database.close();
    rmSync(folder, { recursive: true });
  });
  return { client, destinations, clock };
}

function discoveryIn({ wellKnown, srv }: World) {
  const records = (name: string): SrvRecord[] =>
    (srv?.[name] ?? []).map((target, priority) => {
      const [host = '', port] = target.split(':');
      return { name: host, port: Number(port), priority, weight: 1 };
    });
  return {
    wellKnown: { delegateOf: async (name: string) => parseServerName(wellKnown?.[name]) },
    srv: { lookUp: async (name: string) => records(name) },
  };
}

/** What a TLS server saw of a request. */
export interface SeenRequest {
  readonly host: string | undefined;
  /** The SNI; false without one. */
  readonly servername: string | false | undefined;
  readonly httpVersion: string;
  readonly target: string | undefined;
  readonly authorization: string | undefined;
}

export interface TlsServerUnderTest {
  readonly port: number;
  readonly seen: SeenRequest[];
  /** Sockets that were opened to it. */
  connections(): number;
}

/** A TLS server on 127.0.0.2 with a certificate for `hosts`. */
export async function serveTls(
  authority: TestAuthority,
  hosts: readonly string[],
  answer: RequestListener,
  options: TlsOptions = {},
): Promise<TlsServerUnderTest> {
  const { certificate: cert, key } = authority.issue(...hosts);
  const seen: SeenRequest[] = [];
  const server = createServer({ cert, key, ...options }, (request, response) => {
    const { authorization, host } = request.headers;
    const servername = servernames.get(request.socket.remotePort);
    const { httpVersion, url: target } = request;
    seen.push({ host, servername, httpVersion, target, authorization });
    answer(request, response);
  });
  const servernames = servernamesOf(server);
  return { port: await listening(server), seen, connections: () => servernames.size };
}

/** The same with HTTP/2, for clients that speak it; it answers `{"ok":true}`. */
export async function serveHttp2(
  authority: TestAuthority,
  hosts: readonly string[],
): Promise<TlsServerUnderTest> {
  const { certificate: cert, key } = authority.issue(...hosts);
  const seen: SeenRequest[] = [];
  const server = createSecureServer({ cert, key, allowHTTP1: true }, (request, response) => {
    const { authorization, host, ':authority': name } = request.headers;
    const servername = servernames.get(request.socket.remotePort);
    const { httpVersion, url: target } = request;
    seen.push({ host: name ?? host, servername, httpVersion, target, authorization });
    response.setHeader('content-type', 'application/json');
    response.end('{"ok":true}');
  });
  const servernames = servernamesOf(server);
  return { port: await listening(server), seen, connections: () => servernames.size };
}

/** The SNI of each connection, by the client's port. */
function servernamesOf(server: Server): Map<number | undefined, string | false> {
  const servernames = new Map<number | undefined, string | false>();
  server.on('secureConnection', (socket) => {
    servernames.set(socket.remotePort, socket.servername ?? false);
  });
  return servernames;
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.2');
  await once(server, 'listening');
  after(() => void server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
