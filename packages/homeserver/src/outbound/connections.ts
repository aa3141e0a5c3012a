import type * as Undici from 'undici';
import type { Dispatcher } from 'undici';

import { boundedCache } from '../storage/bounded-cache.ts';
import type { AddressPolicy } from './address-policy.ts';
import { guardedConnector } from './connector.ts';
import type { ResolveHost, TlsSettings } from './connector.ts';
import { parseIpAddress } from './ip-address.ts';
import { connectionsPerOriginMax, headersBytesMax, keepAliveMs, originsMax } from './limits.ts';
import { OutboundError } from './outbound-error.ts';
import { proxyFor } from './proxy.ts';
import type { ProxySettings } from './proxy.ts';

export interface ConnectionsOptions {
  readonly policy: AddressPolicy;
  readonly resolveHost: ResolveHost;
  readonly proxy: ProxySettings;
  readonly connectTimeoutMs: number;
}

/** The open connections, pooled by where they lead and what was verified there. */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #pools = boundedCache<string, Dispatcher>(originsMax, (pool) => {
    // What still runs on it finishes first.
    void pool.close().catch(() => {});
  });

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /**
   * What requests to an origin go through. `purpose` tells apart pools of one origin that differ in `tls`; two
   * calls with the same origin and purpose must give the same `tls`.
   */
  async dispatcherTo(origin: URL, purpose = '', tls: TlsSettings = {}): Promise<Dispatcher> {
    // Loaded when it is needed: it takes as long, and as much memory, as half of the rest of the program.
    const undici = await import('undici');
    const key = `${origin.origin} ${purpose}`;
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    const pool = this.#open(origin, tls, undici);
    this.#pools.set(key, pool);
    return pool;
  }

  /** Ends everything, running requests too. */
  async close(): Promise<void> {
    const pools = [...this.#pools.values()];
    await Promise.all(pools.map((pool) => pool.destroy()));
    this.#pools.clear();
  }

  #open(
    origin: URL,
    tls: TlsSettings,
    { Pool, ProxyAgent, buildConnector }: typeof Undici,
  ): Dispatcher {
    const { policy, resolveHost, connectTimeoutMs, proxy } = this.#options;
    const pooling = {
      connections: connectionsPerOriginMax,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: 2 * keepAliveMs,
      maxHeaderSize: headersBytesMax,
    };
    const uri = proxyFor(origin, proxy);
    if (uri === undefined) {
      const connect = guardedConnector(
        { policy, resolveHost, connectTimeoutMs, tls },
        buildConnector,
      );
      return new Pool(origin.origin, { ...pooling, connect });
    }
    this.#refuseLiteral(origin);
    return new ProxyAgent({
      ...pooling,
      uri,
      connectTimeout: connectTimeoutMs,
      ...(Object.keys(tls).length === 0 ? {} : { requestTls: tls }),
    });
  }

  /** The proxy looks names up; an address is known here already. */
  #refuseLiteral({ hostname }: URL): void {
    const address = hostname.replace(/^\[|\]$/g, '');
    if (parseIpAddress(address) === undefined || this.#options.policy.allows(address)) return;
    throw new OutboundError('refused', `${address} is not an address that may be reached`);
  }
}
