import { hash } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';

import { readDeparting } from './accounts/account-store.ts';
import { openAccounts } from './accounts/accounts.ts';
import { IgnoredUsers } from './accounts/ignored-users.ts';
import { profileOf } from './accounts/profile-of.ts';
import { resolveToken } from './accounts/resolve-token.ts';
import { clientEndpoints } from './client-server/endpoints.ts';
import { openInteractiveAuth } from './client-server/open-interactive-auth.ts';
import { endpointRateLimits, openRateLimiters } from './client-server/rate-limits.ts';
import type { ClientServices } from './client-server/services.ts';
import type { Config } from './config/config.ts';
import { verifySignature } from './config/signing-key.ts';
import { somaVersion } from './config/soma-version.ts';
import { RoomDetailsProjection } from './directory/room-details-projection.ts';
import { mount } from './http/endpoint.ts';
import { listen } from './http/listen.ts';
import { describeListeners, urlOf } from './listener-descriptions.ts';
import { departUser } from './membership/depart-user.ts';
import { MembershipProjection } from './membership/membership-projection.ts';
import { hasForgotten, isJoined } from './membership/membership-store.ts';
import { propagateProfile } from './membership/propagate-profile.ts';
import { openNotices } from './open-notices.ts';
import { openSync } from './open-sync.ts';
import { copyRoomRules } from './push/copy-room-rules.ts';
import { resetPushRules } from './push/reset-push-rules.ts';
import { openRooms } from './rooms/rooms.ts';
import type { EventSigner, RetentionBounds } from './rooms/rooms.ts';
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
  const ignored = await IgnoredUsers.open(database, names);
  const notices = openNotices(database, names, serverName, ignored);
  const rooms = openRooms({
    database,
    names,
    projections: [
      new MembershipProjection(names.users, serverName, config.rooms.forgetRoomsOnLeave),
      new RoomDetailsProjection(),
      ...notices.projections,
    ],
    signer: eventSigner(config),
    now,
    profileOf: async (userId) => (await profileOf(accounts, userId)) ?? {},
    hasForgotten,
    isJoined,
    ignoredBy: (userNid) => ignored.of(userNid),
    verify: verifySignature,
    retention: retentionBounds(config),
  });
  const sync = openSync(rooms, syncSources(notices), config);
  const opened = notices.open(rooms, (roomNid) => sync.notifier.wakeRoom(roomNid));
  const rateLimits = openRateLimiters(config.ratelimiting, now);
  const services: ClientServices = {
    config,
    accounts,
    rooms,
    ...opened,
    sync,
    directory: { rooms, config: config.directory },
    copyRoomRules: (...args) => copyRoomRules(opened.pushRules, ...args),
    interactiveAuth: openInteractiveAuth(accounts, config, rateLimits),
    rateLimits,
    propagateProfile: async (userId) =>
      propagateProfile(rooms, userId, await rooms.profileOf(userId)),
    departUser: async (userNid) => {
      await resetPushRules(services.pushRules, userNid);
      await departUser(rooms, userNid);
    },
  };
  const edge = await listen(describeListeners(config), {
    endpoints: [
      ...mount(clientEndpoints, services),
      ...mount(adminEndpoints, { accounts, serverVersion: somaVersion() }),
    ],
    resolveToken: (token, use) => resolveToken(accounts, token, use),
    logger,
    rateLimits: endpointRateLimits(rateLimits),
  });
  // Whose account ended while the server was stopping.
  for (const userNid of await readDeparting(database.reader)) {
    await services.departUser(userNid);
  }
  // Loading is over: from here on V8 may give new objects as much space as the load wants (see bin/boot.mjs).
  setFlagsFromString('--semi-space-growth-factor=2');
  return {
    addresses: edge.addresses.map(urlOf),
    stop: async () => {
      await edge.close(STOP_GRACE_MS);
      await accounts.close();
      await database.close();
      flush();
    },
  };
}

function retentionBounds({ retention }: Config): RetentionBounds | undefined {
  if (!retention.enabled) return undefined;
  return {
    defaultMaxMs: retention.defaultPolicy.maxLifetimeMs,
    allowedMinMs: retention.allowedLifetimeMinMs,
    allowedMaxMs: retention.allowedLifetimeMaxMs,
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
