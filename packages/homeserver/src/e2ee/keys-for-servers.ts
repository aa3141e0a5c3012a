import type { JsonObject } from '@soma/protocol';

import { invalidParam } from '../errors/matrix-error.ts';
import type { Reader } from '../storage/sql.ts';
import { inTurn } from '../streams/in-turn.ts';
import { claimLocal } from './claim-keys.ts';
import type { KeyClaims } from './claim-keys.ts';
import { readDeviceListPosition } from './device-list-store.ts';
import type { AskedOfUsers, Encryption } from './encryption.ts';
import { usersReadAtOnce } from './limits.ts';
import { deviceKeysJson, readUserKeys } from './read-user-keys.ts';
import type { KeyUser, UserKeys } from './read-user-keys.ts';
import { splitUsers } from './split-users.ts';

/** What of a user another server is shown. */
interface KeysForServer extends UserKeys {
  readonly streamId: number;
}

/**
 * Shows the keys of users of this server (SS API, `POST /user/keys/query`). Throws `400 M_INVALID_PARAM` for users of
 * another one.
 */
export async function queryKeysForServer(
  encryption: Encryption,
  users: Readonly<Record<string, readonly string[] | null>>,
): Promise<JsonObject> {
  const asked = ownUsers(encryption, users);
  const found = await inTurn(asked, usersReadAtOnce, async ([userId, deviceIds]) => {
    const keys = await readForServer(encryption, userId);
    return { userId, deviceIds, keys };
  });
  const pick = (of: 'master' | 'selfSigning'): JsonObject =>
    Object.fromEntries(
      found.flatMap(({ userId, keys }) =>
        keys?.[of] === undefined ? [] : [[userId, keys[of]] as const],
      ),
    );
  return {
    device_keys: Object.fromEntries(
      found.map(({ userId, deviceIds, keys }) => [
        userId,
        deviceKeysJson(keys?.devices ?? [], deviceIds ?? []),
      ]),
    ),
    master_keys: pick('master'),
    self_signing_keys: pick('selfSigning'),
  };
}

/** Hands out one-time keys (SS API, `POST /user/keys/claim`). Throws `400 M_INVALID_PARAM` as for a query. */
export async function claimKeysForServer(
  encryption: Encryption,
  claims: KeyClaims,
): Promise<JsonObject> {
  return { one_time_keys: await claimLocal(encryption, ownUsers(encryption, claims)) };
}

/**
 * All devices of a user that have keys, and the version of the list (SS API, `GET /user/devices/{userId}`). Undefined
 * for a user who is not known. Throws `400 M_INVALID_PARAM` for one of another server.
 */
export async function devicesForServer(
  encryption: Encryption,
  userId: string,
): Promise<JsonObject | undefined> {
  ownUsers(encryption, { [userId]: [] });
  const keys = await readForServer(encryption, userId);
  if (keys === undefined) return undefined;
  const { master, selfSigning } = keys;
  return {
    user_id: userId,
    stream_id: keys.streamId,
    devices: keys.devices.map((device) => ({
      device_id: device.deviceId,
      keys: device.keys,
      ...(device.displayName === undefined ? {} : { device_display_name: device.displayName }),
    })),
    ...(master === undefined ? {} : { master_key: master }),
    ...(selfSigning === undefined ? {} : { self_signing_key: selfSigning }),
  };
}

async function readForServer(
  encryption: Encryption,
  userId: string,
): Promise<KeysForServer | undefined> {
  const { database, names } = encryption.accounts;
  const userNid = await names.users.find(userId);
  if (userNid === undefined) return undefined;
  return database.read(async (reader) => ({
    ...(await readKeysForServers(encryption, reader, { userId, userNid })),
    streamId: await readDeviceListPosition(reader, userNid),
  }));
}

/**
 * The keys of a user as other servers see them. Names of devices say who has which phone, so they are told only where the
 * operator says so.
 */
export async function readKeysForServers(
  { namesDevices }: Pick<Encryption, 'namesDevices'>,
  reader: Reader,
  user: KeyUser,
): Promise<UserKeys> {
  const keys = await readUserKeys(reader, user, undefined);
  if (namesDevices) return keys;
  return { ...keys, devices: keys.devices.map((each) => ({ ...each, displayName: undefined })) };
}

function ownUsers<Value>(
  encryption: Encryption,
  users: Readonly<Record<string, Value>>,
): AskedOfUsers<Value> {
  const { local } = splitUsers(encryption, users);
  if (local.size < Object.keys(users).length) {
    throw invalidParam('Only users of this server can be asked for');
  }
  return local;
}
