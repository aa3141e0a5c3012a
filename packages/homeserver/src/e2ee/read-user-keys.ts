import { isJsonObject } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import type { Reader } from '../storage/sql.ts';
import { readCrossSigningKeys, readKeySignatures } from './cross-signing-store.ts';
import type { KeySignature } from './cross-signing-store.ts';
import { readDeviceKeysOfUser } from './device-key-store.ts';
import { publicKeyOf } from './signed-key.ts';

/** Whose keys they are, or who asks for them. */
export interface KeyUser {
  readonly userId: string;
  readonly userNid: number;
}

/** A device as it is shown to others. */
export interface ShownDevice {
  readonly deviceId: string;
  readonly displayName: string | undefined;
  readonly keys: JsonObject;
}

/** The keys of one user as a viewer may see them. */
export interface UserKeys {
  readonly devices: readonly ShownDevice[];
  readonly master: JsonObject | undefined;
  readonly selfSigning: JsonObject | undefined;
  readonly userSigning: JsonObject | undefined;
}

/**
 * Reads the keys of a user of this server, with the signatures that the viewer may see: another server, where it is
 * undefined, sees the user's own (CS API, "Key and signature security").
 */
export async function readUserKeys(
  reader: Reader,
  user: KeyUser,
  viewer: KeyUser | undefined,
): Promise<UserKeys> {
  const records = await readDeviceKeysOfUser(reader, user.userNid);
  const crossSigning = await readCrossSigningKeys(reader, user.userNid);
  const signatures = await readKeySignatures(reader, user.userNid, viewer?.userNid ?? user.userNid);
  const signed = (target: string | undefined, key: JsonObject): JsonObject =>
    withSignatures(key, target, user, viewer, signatures);
  const crossSigningKey = (json: string | undefined): JsonObject | undefined => {
    if (json === undefined) return undefined;
    const key: JsonObject = JSON.parse(json);
    return signed(publicKeyOf(key), key);
  };
  return {
    devices: records.map(({ deviceId, displayName, json }) => {
      const keys: JsonObject = JSON.parse(json);
      return { deviceId, displayName, keys: signed(deviceId, keys) };
    }),
    master: crossSigningKey(crossSigning.get('master')),
    selfSigning: crossSigningKey(crossSigning.get('self_signing')),
    userSigning:
      user.userNid === viewer?.userNid
        ? crossSigningKey(crossSigning.get('user_signing'))
        : undefined,
  };
}

/** The key with those signatures that were uploaded apart from it. */
export function withSignatures(
  key: JsonObject,
  target: string | undefined,
  user: KeyUser,
  viewer: KeyUser | undefined,
  signatures: readonly KeySignature[],
): JsonObject {
  return signatures
    .filter((each) => each.target === target)
    .reduce((signed, { signerNid, keyId, signature }) => {
      const signer = signerNid === user.userNid ? user : viewer;
      return signer === undefined ? signed : addSignature(signed, signer.userId, keyId, signature);
    }, key);
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

/** Devices by their IDs, as clients and servers are answered; of those named, where any are. */
export function deviceKeysJson(
  devices: readonly ShownDevice[],
  deviceIds: readonly string[],
): JsonObject {
  const chosen = devices.filter(
    ({ deviceId }) => deviceIds.length === 0 || deviceIds.includes(deviceId),
  );
  return Object.fromEntries(
    chosen.map(({ deviceId, displayName, keys }) => {
      const unsigned = displayName === undefined ? {} : { device_display_name: displayName };
      return [deviceId, { ...keys, unsigned }];
    }),
  );
}
