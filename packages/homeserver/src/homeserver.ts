import { hash } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';

import { openAccounts } from './accounts/accounts.ts';
import { profileOf } from './accounts/profile-of.ts';
import { resolveToken } from './accounts/resolve-token.ts';
import { clientEndpoints, mediaEndpoints } from './client-server/endpoints.ts';
import { openInteractiveAuth } from './client-server/open-interactive-auth.ts';
import { endpointRateLimits, openRateLimiters } from './client-server/rate-limits.ts';
import type { ClientServices } from './client-server/services.ts';
import type { Config } from './config/config.ts';
import { detailedVersion } from './config/soma-version.ts';
import { mount } from './http/endpoint.ts';
import { listen } from './http/listen.ts';
import { RateLimiter } from './http/rate-limit.ts';
import { describeListeners, urlOf } from './listener-descriptions.ts';
import { openMedia } from './media/open-media.ts';
import { MembershipProjection } from './membership/membership-projection.ts';
import { hasForgotten } from './membership/membership-store.ts';
import { propagateProfile } from './membership/propagate-profile.ts';
import { openNotices } from './open-notices.ts';
import { openSync } from './open-sync.ts';
import { roomAvatars } from './rooms/media-in-room.ts';
import { openRooms } from './rooms/rooms.ts';
import type { EventSigner } from './rooms/rooms.ts';
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
  const media = await openMedia({
    database,
    names,
    config,
    logger,
    now,
    roomAvatars: () => roomAvatars(rooms),
  });
  const sync = openSync(rooms, syncSources(notices), config);
  const rateLimits = openRateLimiters(config.ratelimiting, now);
  const services: ClientServices = {
    config,
    accounts,
    rooms,
    ...notices.open(rooms, (roomNid) => sync.notifier.wakeRoom(roomNid)),
    sync,
    media,
    remoteMediaBytes: new RateLimiter(
      { perSecond: config.media.remoteBytesPerSecond, burstCount: config.media.remoteBurstBytes },
      { now },
    ),
    interactiveAuth: openInteractiveAuth(accounts, rateLimits),
    rateLimits,
    propagateProfile: async (userId) =>
      propagateProfile(rooms, userId, await rooms.profileOf(userId)),
  };
  const edge = await listen(describeListeners(config), {
    endpoints: [
      ...mount(servedClientEndpoints(config), services),
      ...mount(adminEndpoints, { accounts, media, rooms, serverVersion: detailedVersion() }),
    ],
    resolveToken: (token, use) => resolveToken(accounts, token, use),
    logger,
    rateLimits: endpointRateLimits(rateLimits),
  });
  // Loading is over: from here on V8 may give new objects as much space as the load wants (see bin/boot.mjs).
  setFlagsFromString('--semi-space-growth-factor=2');
  return {
    addresses: edge.addresses.map(urlOf),
    stop: async () => {
      await edge.close(STOP_GRACE_MS);
      await media.close();
      await accounts.close();
      await database.close();
      flush();
    },
  };
}

function servedClientEndpoints({ media }: Config): typeof clientEndpoints {
  if (media.enabled) return clientEndpoints;
  return clientEndpoints.filter((each) => !mediaEndpoints.includes(each));
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
