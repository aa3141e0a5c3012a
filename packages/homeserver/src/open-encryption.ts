import type { Accounts } from './accounts/accounts.ts';
import { readDeviceListsChanged } from './e2ee/device-list-store.ts';
import type { Encryption, RemoteUsers } from './e2ee/encryption.ts';
import { readOneTimeKeyCounts, readUnusedFallbackTypes } from './e2ee/one-time-key-store.ts';
import { acknowledgeToDevice, receiveToDevice } from './e2ee/receive-to-device.ts';
import type { EncryptionSource } from './sync/sync-context.ts';

/** End-to-end encryption, and what `/sync` learns of it. */
export interface OpenEncryption {
  readonly encryption: Encryption;
  readonly source: EncryptionSource;
}

export function openEncryption(accounts: Accounts): OpenEncryption {
  const { database, names } = accounts;
  return {
    encryption: { accounts, remote: unreachable },
    source: {
      toDevice: (reader, device, above, upTo) =>
        receiveToDevice(reader, names, device, above, upTo),
      acknowledge: (device, position) => acknowledgeToDevice(database, device, position),
      oneTimeKeyCounts: readOneTimeKeyCounts,
      unusedFallbackTypes: readUnusedFallbackTypes,
      deviceListsChanged: readDeviceListsChanged,
    },
  };
}

/** Users of other servers, where there is no federation: every server is one that cannot be reached. */
const unreachable: RemoteUsers = {
  queryKeys: async (users) => ({
    users: {},
    masterKeys: {},
    selfSigningKeys: {},
    failures: failuresOf(users.keys()),
  }),
  claimKeys: async (users) => ({ users: {}, failures: failuresOf(users.keys()) }),
  sendStatements: () => [],
};

function failuresOf(userIds: Iterable<string>) {
  const servers = [...userIds].map((userId) => userId.slice(userId.indexOf(':') + 1));
  const failure = { status: 503, message: 'Other servers cannot be reached' };
  return Object.fromEntries(servers.map((server) => [server, failure]));
}
