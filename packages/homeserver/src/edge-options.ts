import { resolveToken } from './accounts/resolve-token.ts';
import { actAs } from './appservices/act-as.ts';
import { clientEndpoints, mediaEndpoints } from './client-server/endpoints.ts';
import { endpointRateLimits } from './client-server/rate-limits.ts';
import type { Config } from './config/config.ts';
import { detailedVersion, somaVersion } from './config/soma-version.ts';
import { mount } from './http/endpoint.ts';
import type { EdgeOptions } from './http/listen.ts';
import { ServerRateLimiter } from './http/server-rate-limit.ts';
import { ServerNotices } from './membership/server-notices.ts';
import type { OpenedServices } from './open-services.ts';
import { openServing } from './open-serving.ts';
import { serverEndpoints, serverMediaEndpoints } from './server-server/endpoints.ts';
import { adminEndpoints } from './synapse-admin/endpoints.ts';
import type { Logger } from './telemetry/logger.ts';

/** All edges, with what their handlers are given. */
export function edgeOptions(
  config: Config,
  logger: Logger,
  { services, federation, inbound }: OpenedServices,
): EdgeOptions {
  const { accounts, rateLimits, applicationServices } = services;
  return {
    endpoints: [
      ...mount(served(clientEndpoints, mediaEndpoints, config), services),
      ...mount(adminEndpoints, {
        ...services,
        serverVersion: detailedVersion(),
        destinations: federation.destinations,
        serverNotices: openServerNotices(config, services),
      }),
      ...mount(served(serverEndpoints, serverMediaEndpoints, config), {
        ...services,
        serverVersion: somaVersion(),
        ...federation,
        ...openServing(services, inbound),
        transactions: inbound.transactions,
      }),
    ],
    resolveToken: (token, use) => {
      const service = applicationServices.byToken(token);
      return service === undefined
        ? resolveToken(accounts, token, use)
        : actAs(accounts, service, use);
    },
    authenticateServer: federation.authenticateServer,
    serverRateLimiter: new ServerRateLimiter(config.ratelimiting.federation),
    logger,
    rateLimits: endpointRateLimits(rateLimits),
  };
}

function openServerNotices(
  { serverNotices: { notices: settings }, rooms: { defaultRoomVersion } }: Config,
  { accounts, rooms }: OpenedServices['services'],
): ServerNotices | undefined {
  if (settings === undefined) return undefined;
  return new ServerNotices({ accounts, rooms, settings, roomVersion: defaultRoomVersion });
}

/** All of them, or without those about media where the operator turns these off. */
function served<Each>(
  all: readonly Each[],
  aboutMedia: readonly Each[],
  { media }: Config,
): readonly Each[] {
  return media.enabled ? all : all.filter((each) => !aboutMedia.includes(each));
}
