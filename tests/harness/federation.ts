import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { TestEngine } from './engines.ts';
import { federationSettings } from './federation-settings.ts';
import { freePort } from './free-port.ts';
import { startHomeserver, type TestHomeserver } from './homeserver-process.ts';
import { startPeer, type TestPeer } from './peer.ts';
import { createTestAuthority } from './test-certificates.ts';

/** A Soma process that speaks TLS with other servers under a name of its own. */
export interface FederatedServer extends TestHomeserver {
  /** `127.0.0.1:<port of its TLS listener>`: found without `.well-known` and DNS. */
  readonly serverName: string;
}

export interface FederationOptions {
  /** Where each server gets a database. */
  readonly engine?: TestEngine;
  /** How many Somas. */
  readonly servers: number;
  /** Top-level options of homeserver.yaml, for all of them. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/** Options of servers that soon ask one again that was down. */
export const soonAgain = {
  federation: { destination_min_retry_interval: '1s', max_short_retry_delay: '1s' },
} as const;

/** Several Somas that trust one certificate authority, and peers played by the test. */
export interface TestFederation {
  readonly servers: readonly FederatedServer[];
  /** A server that the test itself plays, with keys and a certificate like any other. */
  startPeer(): Promise<TestPeer>;
  dispose(): Promise<void>;
}

/**
 * Starts Somas on loopback addresses that can reach each other:
 *
 *     const federation = await startFederation({ engine, servers: 2 });
 *     const [one, two] = federation.servers;
 *     const peer = await federation.startPeer();
 *     const answer = await peer.request(one.serverName, 'GET', '/_matrix/federation/v1/…');
 *     await federation.dispose();
 */
export async function startFederation(options: FederationOptions): Promise<TestFederation> {
  const authority = createTestAuthority();
  const folder = mkdtempSync(join(tmpdir(), 'soma-federation-'));
  const settings = federationSettings(authority, folder);
  const start = async (): Promise<FederatedServer> => {
    const port = await freePort();
    const serverName = `127.0.0.1:${port}`;
    const { listener, options: own } = settings(serverName, port);
    const server = await startHomeserver({
      ...(options.engine === undefined ? {} : { engine: options.engine }),
      extraListeners: [listener],
      config: { ...own, ...options.config },
    });
    return { ...server, serverName };
  };
  const servers = await Promise.all(Array.from({ length: options.servers }, start));
  const peers: TestPeer[] = [];
  return {
    servers,
    async startPeer() {
      const peer = await startPeer(authority);
      peers.push(peer);
      return peer;
    },
    async dispose() {
      await Promise.all(servers.map((server) => server.dispose()));
      await Promise.all(peers.map((peer) => peer.close()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
