import type { Accounts } from './accounts/accounts.ts';
import type { Config } from './config/config.ts';
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

export function openEncryption(
  accounts: Accounts,
  config: Config,
  remote: RemoteUsers,
): OpenEncryption {
  const { database, names } = accounts;
  return {
    encryption: {
      accounts,
      remote,
      namesDevices: config.federation.allowDeviceNameLookup,
    },
    source: {
      toDevice: (reader, device, above, upTo, limit) =>
        receiveToDevice(reader, names, device, above, upTo, limit),
      acknowledge: (device, position) => acknowledgeToDevice(database, device, position),
      oneTimeKeyCounts: readOneTimeKeyCounts,
      unusedFallbackTypes: readUnusedFallbackTypes,
      deviceListsChanged: readDeviceListsChanged,
    },
  };
}
