import { hash } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';

import { openAccounts } from './accounts/accounts.ts';
import { profileOf } from './accounts/profile-of.ts';
import { resolveToken } from './accounts/resolve-token.ts';
import { clientEndpoints } from './client-server/endpoints.ts';
import { openInteractiveAuth } from './client-server/open-interactive-auth.ts';
import { endpointRateLimits, openRateLimiters } from './client-server/rate-limits.ts';
import type { ClientServices } from './client-server/services.ts';
import type { Config } from './config/config.ts';
import { somaVersion } from './config/soma-version.ts';
import { mount } from './http/endpoint.ts';
import { listen } from './http/listen.ts';
import { describeListeners, urlOf } from './listener-descriptions.ts';
import { openUrlPreviews } from './media/previews/url-previews.ts';
import { MembershipProjection } from './membership/membership-projection.ts';
import { hasForgotten } from './membership/membership-store.ts';
import { propagateProfile } from './membership/propagate-profile.ts';
import { openFederation } from './open-federation.ts';
import { openNotices } from './open-notices.ts';
import { openSync } from './open-sync.ts';
import { openRooms } from './rooms/rooms.ts';
import type { EventSigner } from './rooms/rooms.ts';
import { serverEndpoints } from './server-server/endpoints.ts';
import { databaseOptions } from './storage/database-options.ts';
import { internedNames } from './storage/names-store.ts';
import { openDatabase } from './storage/open-database.ts';
import { adminEndpoints } from './synapse-admin/endpoints.ts';
import { syncSources } from './sync-sources.ts';
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
  const { serverName } = config.server;
  const now = Date.now;
  const database = await openDatabase(databaseOptions(config.database), serverName);
  const names = internedNames(database, config.caches.globalFactor);
  const accounts = openAccounts({ database, names, config, logger, now });
  const federation = openFederation({ config, database, logger, now });
  const notices = openNotices(database, names, serverName);
  const rooms = openRooms({
    database,
    names,
    projections: [new MembershipProjection(names.users, serverName), ...notices.projections],
    signer: eventSigner(config),
    now,
    profileOf: async (userId) => (await profileOf(accounts, userId)) ?? {},
    hasForgotten,
  });
  const sync = openSync(rooms, syncSources(notices), config);
  const urlPreviews = openUrlPreviews({ database, config, images: undefined, logger, now });
  const rateLimits = openRateLimiters(config.ratelimiting, now);
  const services: ClientServices = {
    config,
    accounts,
    rooms,
    ...notices.open(rooms, (roomNid) => sync.notifier.wakeRoom(roomNid)),
    sync,
    interactiveAuth: openInteractiveAuth(accounts, rateLimits),
    rateLimits,
    urlPreviews,
    propagateProfile: async (userId) =>
      propagateProfile(rooms, userId, await rooms.profileOf(userId)),
  };
  const serverVersion = somaVersion();
  const edge = await listen(describeListeners(config), {
    endpoints: [
      ...mount(clientEndpoints, services),
      ...mount(adminEndpoints, { accounts, serverVersion }),
      ...mount(serverEndpoints, { config, accounts, serverVersion, ...federation }),
    ],
    resolveToken: (token, use) => resolveToken(accounts, token, use),
    authenticateServer: federation.authenticateServer,
    logger,
    rateLimits: endpointRateLimits(rateLimits),
  });
  // Loading is over: from here on V8 may give new objects as much space as the load wants (see bin/boot.mjs).
  setFlagsFromString('--semi-space-growth-factor=2');
  return {
    addresses: edge.addresses.map(urlOf),
    stop: async () => {
      await edge.close(STOP_GRACE_MS);
      await federation.close();
      await urlPreviews?.close();
      await accounts.close();
      await database.close();
      flush();
    },
  };
}

/** Signs in this server's name. */
function eventSigner(config: Config): EventSigner {
  const { current } = config.signingKeys;
  return {
    serverName: config.server.serverName,
    keyId: current.keyId,
    sha256: (text) => hash('sha256', text, 'base64'),
    privateKey: current.privateKey,
  };
}
