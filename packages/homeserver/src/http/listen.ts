import type { RequestListener, Server } from 'node:http';

import { forbidden } from '../errors/matrix-error.ts';
import type { Logger } from '../telemetry/logger.ts';
import { accessLog, faultLog } from './access-log.ts';
import type { AuthenticateServer, ResolveToken } from './authenticate.ts';
import { bind } from './bind.ts';
import type { Place, UnixSocket } from './bind.ts';
import type { MountedEndpoint, Resource } from './endpoint.ts';
import { mount } from './endpoint.ts';
import type { ListenerTraits } from './exchange.ts';
import { requestListener } from './handle-request.ts';
import type { Edge } from './handle-request.ts';
import { healthEndpoint } from './health.ts';
import { HeldBodies } from './held-bodies.ts';
import { openServer } from './open-server.ts';
import type { ServerTimeouts, TlsFiles } from './open-server.ts';
import type { EndpointRateLimits } from './rate-limit.ts';
import { servedResources } from './resources.ts';
import { Router, routesOf } from './router.ts';
import { RunningRequests } from './running-requests.ts';
import type { ServerRateLimiter } from './server-rate-limit.ts';

/** One entry of `listeners` in the configuration. */
export interface ListenerDescription extends ListenerTraits {
  /** 0 lets the system choose. */
  readonly port: number;
  /** `::` takes IPv4 as well, unless an IPv4 address stands beside it. */
  readonly bindAddresses: readonly string[];
  /** Instead of a port: a reverse proxy on the same machine, whose X-Forwarded-For counts. */
  readonly unixSocket?: UnixSocket;
  readonly tls?: TlsFiles;
  readonly resources: readonly Resource[];
}

export interface EdgeOptions {
  /** From `mount`, of all edges. `/health` is added. */
  readonly endpoints: readonly MountedEndpoint[];
  readonly resolveToken: ResolveToken;
  /** Default: no server is let in. */
  readonly authenticateServer?: AuthenticateServer;
  /** Default: other servers may ask as often as they like. */
  readonly serverRateLimiter?: ServerRateLimiter;
  readonly logger: Logger;
  readonly rateLimits?: EndpointRateLimits;
  /** Bodies of endpoints without a limit of their own; default as Synapse, 200 events. */
  readonly bodyBytesMax?: number;
  readonly timeouts?: ServerTimeouts;
}

export interface BoundAddress {
  /** Or the path of a unix socket, whose port is 0. */
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

/** What answers the requests of a listener, wherever they come from. */
export function handlerOf(
  listener: ListenerTraits & Pick<ListenerDescription, 'resources'>,
  options: EdgeOptions,
  running = new RunningRequests(),
  heldBodies = new HeldBodies(),
): RequestListener {
  const edge: Edge = {
    resolveToken: options.resolveToken,
    authenticateServer: options.authenticateServer ?? refuseServers,
    serverRateLimiter: options.serverRateLimiter,
    heldBodies,
    accessLog: accessLog(options.logger),
    reportFault: faultLog(options.logger),
    running,
  };
  return requestListener(edge, routerOf(listener, options), listener);
}

/** Opens all listeners; resolves when each is bound. Throws a ListenError and leaves none open. */
export async function listen(
  listeners: readonly ListenerDescription[],
  options: EdgeOptions,
): Promise<HttpEdge> {
  const running = new RunningRequests();
  const heldBodies = new HeldBodies(options.timeouts?.heldBodyTimeoutMs);
  const servers: Server[] = [];
  const addresses: BoundAddress[] = [];
  try {
    for (const listener of listeners) {
      const traits =
        listener.unixSocket === undefined ? listener : { ...listener, xForwarded: true };
      const handler = handlerOf(traits, options, running, heldBodies);
      for (const place of placesOf(listener)) {
        const server = openServer(handler, listener.tls, options.timeouts ?? {});
        const port = await bind(server, place, options.logger);
        if (port === undefined) continue;
        servers.push(server);
        addresses.push({ address: place.address, port, isTls: listener.tls !== undefined });
      }
    }
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
  return { addresses, close: (graceMs) => closeAll(servers, running, graceMs) };
}

async function refuseServers(): Promise<never> {
  throw forbidden('This server does not federate');
}

function routerOf(listener: Pick<ListenerDescription, 'resources'>, options: EdgeOptions): Router {
  const endpoints = [...options.endpoints, ...mount([healthEndpoint], undefined)];
  return new Router(routesOf(endpoints, servedResources(listener.resources), options));
}

function placesOf(listener: ListenerDescription): Place[] {
  const { port, bindAddresses, unixSocket } = listener;
  if (unixSocket !== undefined) {
    return [{ address: unixSocket.path, port: 0, socketMode: unixSocket.mode, besides: [] }];
  }
  return bindAddresses.map((address) => {
    const besides = bindAddresses.filter((other) => other !== address);
    return { address, port, socketMode: undefined, besides };
  });
}

async function closeAll(
  servers: readonly Server[],
  running: RunningRequests,
  graceMs: number,
): Promise<void> {
  const closed = servers.map(
    (server) => new Promise<void>((resolve) => server.close(() => resolve())),
  );
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
