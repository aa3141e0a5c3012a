import { setFlagsFromString } from 'node:v8';

import { readDeparting } from './accounts/account-store.ts';
import { resolveToken } from './accounts/resolve-token.ts';
import { clientEndpoints, mediaEndpoints } from './client-server/endpoints.ts';
import { endpointRateLimits } from './client-server/rate-limits.ts';
import type { Config } from './config/config.ts';
import { detailedVersion, somaVersion } from './config/soma-version.ts';
import { mount } from './http/endpoint.ts';
import { listen } from './http/listen.ts';
import { ServerRateLimiter } from './http/server-rate-limit.ts';
import { describeListeners, urlOf } from './listener-descriptions.ts';
import { openServices } from './open-services.ts';
import { openServing } from './open-serving.ts';
import { serverEndpoints, serverMediaEndpoints } from './server-server/endpoints.ts';
import { adminEndpoints } from './synapse-admin/endpoints.ts';
import { createLogger } from './telemetry/logger.ts';

/** A server that serves. */
export interface Homeserver {
  /** Where it serves, as URLs. */
  readonly addresses: readonly string[];
  /** Finishes what was accepted; resolves when nothing is open any more. */
  stop(): Promise<void>;
}

/** How long running requests may take to finish when the server stops. */
const STOP_GRACE_MS = 10_000;

/** The composition root: opens everything by hand, lowest first, and serves until it is stopped. */
export async function startHomeserver(config: Config): Promise<Homeserver> {
  const { logger, flush } = createLogger({ level: config.logging.level });
  const { services, federation, inbound, close } = await openServices(config, logger);
  const { accounts, rateLimits } = services;
  const edge = await listen(describeListeners(config), {
    endpoints: [
      ...mount(served(clientEndpoints, mediaEndpoints, config), services),
      ...mount(adminEndpoints, {
        ...services,
        serverVersion: detailedVersion(),
        destinations: federation.destinations,
      }),
      ...mount(served(serverEndpoints, serverMediaEndpoints, config), {
        ...services,
        serverVersion: somaVersion(),
        ...federation,
        ...openServing(services, inbound),
        transactions: inbound.transactions,
      }),
    ],
    resolveToken: (token, use) => resolveToken(accounts, token, use),
    authenticateServer: federation.authenticateServer,
    serverRateLimiter: new ServerRateLimiter(config.ratelimiting.federation),
    logger,
    rateLimits: endpointRateLimits(rateLimits),
  });
  // Whose account ended while the server was stopping.
  for (const userNid of await readDeparting(accounts.database.reader)) {
    await services.departUser(userNid);
  }
  // Loading is over: from here on V8 may give new objects as much space as the load wants (see bin/boot.mjs).
  setFlagsFromString('--semi-space-growth-factor=2');
  return {
    addresses: edge.addresses.map(urlOf),
    stop: async () => {
      await edge.close(STOP_GRACE_MS);
      await close();
      flush();
    },
  };
}

/** All of them, or without those about media where the operator turns these off. */
function served<Each>(
  all: readonly Each[],
  aboutMedia: readonly Each[],
  { media }: Config,
): readonly Each[] {
  return media.enabled ? all : all.filter((each) => !aboutMedia.includes(each));
}
