import { isJsonObject } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import type { Reader } from '../storage/sql.ts';
import { readCrossSigningKeys, readKeySignatures } from './cross-signing-store.ts';
import { readDeviceKeysOfUser } from './device-key-store.ts';
import type { DeviceKeysRecord } from './device-key-store.ts';
import type { Encryption } from './encryption.ts';
import { publicKeyOf } from './signed-key.ts';
import { splitUsers } from './split-users.ts';

/** Who asks. */
interface Viewer {
  readonly userId: string;
  readonly userNid: number;
}

/** The keys of one user as a viewer may see them. */
export interface UserKeys {
  readonly devices: JsonObject;
  readonly master: JsonObject | undefined;
  readonly selfSigning: JsonObject | undefined;
  readonly userSigning: JsonObject | undefined;
}

/** Shows the keys of users, of all devices where none are named (CS API, `POST /keys/query`). */
export async function queryKeys(
  encryption: Encryption,
  viewer: Viewer,
  users: Readonly<Record<string, readonly string[]>>,
  timeoutMs: number,
): Promise<JsonObject> {
  const { local, remote } = splitUsers(encryption, users);
  const [ours, theirs] = await Promise.all([
    queryLocal(encryption, viewer, local),
    encryption.remote.queryKeys(remote, timeoutMs),
  ]);
  const devices = ours.map(([userId, keys]) => [userId, keys.devices] as const);
  const pick = (of: 'master' | 'selfSigning' | 'userSigning'): JsonObject =>
    Object.fromEntries(
      ours.flatMap(([userId, keys]) => (keys[of] === undefined ? [] : [[userId, keys[of]]])),
    );
  return {
    device_keys: { ...Object.fromEntries(devices), ...theirs.users },
    failures: { ...theirs.failures },
    master_keys: { ...pick('master'), ...theirs.masterKeys },
    self_signing_keys: { ...pick('selfSigning'), ...theirs.selfSigningKeys },
    user_signing_keys: pick('userSigning'),
  };
}

function queryLocal(
  { accounts: { database, names } }: Encryption,
  viewer: Viewer,
  users: ReadonlyMap<string, readonly string[]>,
): Promise<(readonly [string, UserKeys])[]> {
  return Promise.all(
    [...users].map(async ([userId, deviceIds]) => {
      const userNid = await names.users.find(userId);
      const keys =
        userNid === undefined
          ? { devices: {}, master: undefined, selfSigning: undefined, userSigning: undefined }
          : await database.read((reader) =>
              readUserKeys(reader, { userId, userNid }, viewer, deviceIds),
            );
      return [userId, keys] as const;
    }),
  );
}

async function readUserKeys(
  reader: Reader,
  user: Viewer,
  viewer: Viewer,
  deviceIds: readonly string[],
): Promise<UserKeys> {
  const records = await readDeviceKeysOfUser(reader, user.userNid);
  const crossSigning = await readCrossSigningKeys(reader, user.userNid);
  const signatures = await readKeySignatures(reader, user.userNid, viewer.userNid);
  const withSignatures = (target: string | undefined, key: JsonObject): JsonObject =>
    signatures
      .filter((each) => each.target === target)
      .reduce((signed, { signerNid, keyId, signature }) => {
        const signer = signerNid === user.userNid ? user.userId : viewer.userId;
        return addSignature(signed, signer, keyId, signature);
      }, key);
  const crossSigningKey = (json: string | undefined): JsonObject | undefined => {
    if (json === undefined) return undefined;
    const key: JsonObject = JSON.parse(json);
    return withSignatures(publicKeyOf(key), key);
  };
  const devices = records
    .filter(({ deviceId }) => deviceIds.length === 0 || deviceIds.includes(deviceId))
    .map((record) => [record.deviceId, withSignatures(record.deviceId, toDeviceKeys(record))]);
  return {
    devices: Object.fromEntries(devices),
    master: crossSigningKey(crossSigning.get('master')),
    selfSigning: crossSigningKey(crossSigning.get('self_signing')),
    userSigning:
      user.userNid === viewer.userNid
        ? crossSigningKey(crossSigning.get('user_signing'))
        : undefined,
  };
}

function toDeviceKeys({ json, displayName }: DeviceKeysRecord): JsonObject {
  const keys: JsonObject = JSON.parse(json);
  return {
    ...keys,
    unsigned: displayName === undefined ? {} : { device_display_name: displayName },
  };
}

function addSignature(
  key: JsonObject,
  signer: string,
  keyId: string,
  signature: string,
): JsonObject {
  const all = isJsonObject(key['signatures']) ? key['signatures'] : {};
  const own = isJsonObject(all[signer]) ? all[signer] : {};
  return { ...key, signatures: { ...all, [signer]: { ...own, [keyId]: signature } } };
}
