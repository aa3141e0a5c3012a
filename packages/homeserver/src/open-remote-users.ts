import type { RemoteUsers } from './e2ee/encryption.ts';
import { toDeviceStatements } from './federation-sender/to-device-statements.ts';
import { claimRemoteKeys } from './federation/remote-users/claim-remote-keys.ts';
import { DeviceListResyncer } from './federation/remote-users/device-list-resyncer.ts';
import { queryRemoteKeys } from './federation/remote-users/query-remote-keys.ts';
import type { RemoteUserLists } from './federation/remote-users/remote-user-lists.ts';
import type { Federation } from './open-federation.ts';
import type { Database } from './storage/database.ts';
import type { InternedNames } from './storage/names-store.ts';
import type { Logger } from './telemetry/logger.ts';

/** Users of other servers: their keys, and the device lists that are followed. */
export interface OpenRemoteUsers {
  readonly remote: RemoteUsers;
  readonly lists: RemoteUserLists;
  readonly resyncer: DeviceListResyncer;
}

export interface RemoteUsersParts {
  readonly database: Database;
  readonly names: InternedNames;
  readonly logger: Logger;
  readonly now: () => number;
}

/** Opens what is known of them, and goes on with what was to be fetched when the server stopped. */
export function openRemoteUsers(
  { database, names, logger, now }: RemoteUsersParts,
  { client, destinations }: Federation,
): OpenRemoteUsers {
  const lists: RemoteUserLists = { database, names, client, now };
  const resyncer = new DeviceListResyncer(lists, logger);
  destinations.onUp((serverName) => {
    resyncer.serverIsUp(serverName).catch((error: unknown) => {
      logger.error({ err: error, server: serverName }, 'device lists were not asked for again');
    });
  });
  resyncer.resume().catch((error: unknown) => {
    logger.error({ err: error }, 'device lists of before the stop are not fetched');
  });
  return {
    remote: {
      queryKeys: (viewer, users, timeoutMs) => queryRemoteKeys(lists, viewer, users, timeoutMs),
      claimKeys: (users, timeoutMs) => claimRemoteKeys(lists, users, timeoutMs),
      sendStatements: (sender, type, users) =>
        toDeviceStatements(sender, type, users, (serverName) => client.allows(serverName)),
    },
    lists,
    resyncer,
  };
}
