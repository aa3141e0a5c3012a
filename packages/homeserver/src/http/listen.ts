import type { Server } from 'node:http';

import type { Logger } from '../telemetry/logger.ts';
import { accessLog, faultLog } from './access-log.ts';
import type { ResolveToken } from './authenticate.ts';
import type { MountedEndpoint, Resource } from './endpoint.ts';
import { mount } from './endpoint.ts';
import type { ListenerTraits } from './exchange.ts';
import { requestListener } from './handle-request.ts';
import type { Edge } from './handle-request.ts';
import { healthEndpoint } from './health.ts';
import { errorCode, ListenError } from './listen-error.ts';
import { openServer } from './open-server.ts';
import type { ServerTimeouts, TlsFiles } from './open-server.ts';
import type { EndpointRateLimits } from './rate-limit.ts';
import { servedResources } from './resources.ts';
import { Router, routesOf } from './router.ts';
import { RunningRequests } from './running-requests.ts';

/** One entry of `listeners` in the configuration. */
export interface ListenerDescription extends ListenerTraits {
  /** 0 lets the system choose. */
  readonly port: number;
  /** `::` takes IPv4 as well, unless an IPv4 address stands beside it. */
  readonly bindAddresses: readonly string[];
  readonly tls?: TlsFiles;
  readonly resources: readonly Resource[];
}

export interface EdgeOptions {
  /** From `mount`, of all edges. `/health` is added. */
  readonly endpoints: readonly MountedEndpoint[];
  readonly resolveToken: ResolveToken;
  readonly logger: Logger;
  readonly rateLimits?: EndpointRateLimits;
  /** Bodies of endpoints without a limit of their own; default as Synapse, 200 events. */
  readonly bodyBytesMax?: number;
  readonly timeouts?: ServerTimeouts;
}

export interface BoundAddress {
  readonly address: string;
  readonly port: number;
  readonly isTls: boolean;
}

export interface HttpEdge {
  readonly addresses: readonly BoundAddress[];
  /**
   * Stops accepting, lets long polls answer, waits for running requests, and cuts off what still
   * runs after `graceMs`.
   */
  close(graceMs: number): Promise<void>;
}

const idleCheckMs = 25;

/** Opens all listeners; resolves when each is bound. Throws a ListenError and leaves none open. */
export async function listen(
  listeners: readonly ListenerDescription[],
  options: EdgeOptions,
): Promise<HttpEdge> {
  const edge: Edge = {
    resolveToken: options.resolveToken,
    accessLog: accessLog(options.logger),
    reportFault: faultLog(options.logger),
    running: new RunningRequests(),
  };
  const servers: Server[] = [];
  const addresses: BoundAddress[] = [];
  try {
    for (const listener of listeners) {
      const router = routerOf(listener, options);
      for (const address of listener.bindAddresses) {
        const server = openServer(
          requestListener(edge, router, listener),
          listener.tls,
          options.timeouts ?? {},
        );
        const port = await bind(server, listener, address, options.logger);
        if (port === undefined) continue;
        servers.push(server);
        addresses.push({ address, port, isTls: listener.tls !== undefined });
      }
    }
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
  return { addresses, close: (graceMs) => closeAll(servers, edge.running, graceMs) };
}

function routerOf(listener: ListenerDescription, options: EdgeOptions): Router {
  const endpoints = [...options.endpoints, ...mount([healthEndpoint], undefined)];
  return new Router(routesOf(endpoints, servedResources(listener.resources), options));
}

/** The port that was bound; undefined for `::` on a machine without IPv6, where others are given. */
async function bind(
  server: Server,
  listener: ListenerDescription,
  address: string,
  logger: Logger,
): Promise<number | undefined> {
  const { port, bindAddresses } = listener;
  const ipv6Only = address === '::' && bindAddresses.some((other) => other.includes('.'));
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, host: address, ipv6Only }, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    if (address === '::' && bindAddresses.length > 1 && errorCode(error) === 'EAFNOSUPPORT') {
      logger.warn({ port, address }, 'this machine has no IPv6; listening on the others only');
      return undefined;
    }
    throw new ListenError(port, address, error);
  }
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : port;
}

async function closeAll(
  servers: readonly Server[],
  running: RunningRequests,
  graceMs: number,
): Promise<void> {
  const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
  running.drain();
  // A connection whose response began before the stop is kept alive by it, and idle afterwards.
  const sweep = setInterval(() => {
    for (const server of servers) server.closeIdleConnections();
  }, idleCheckMs);
  const deadline = setTimeout(() => {
    for (const server of servers) server.closeAllConnections();
  }, graceMs);
  await Promise.all(closed);
  clearInterval(sweep);
  clearTimeout(deadline);
}
