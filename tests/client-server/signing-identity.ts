import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

import { canonicalJson, type JsonObject } from '@soma/protocol';

import type { TestUser } from '../harness/client.ts';

/** A key pair with which tests sign what devices and users sign. */
export interface SigningIdentity {
  /** In unpadded base64. */
  readonly publicKey: string;
  readonly privateKey: KeyObject;
}

export function newIdentity(): SigningIdentity {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const der = publicKey.export({ format: 'der', type: 'spki' });
  return { publicKey: unpadded(der.subarray(-32)), privateKey };
}

/** The object with one more signature; `name` is what stands after `ed25519:`. */
export function signedBy(
  object: JsonObject,
  userId: string,
  name: string,
  { privateKey }: SigningIdentity,
): JsonObject {
  const { signatures = {}, ...rest } = object;
  const all = signatures as Record<string, Record<string, string>>;
  const signature = unpadded(sign(null, Buffer.from(canonicalJson(rest)), privateKey));
  const own = { ...all[userId], [`ed25519:${name}`]: signature };
  return { ...rest, signatures: { ...all, [userId]: own } };
}

/** The identity keys of the user's device. */
export function deviceKeys(
  { userId, deviceId }: Pick<TestUser, 'userId' | 'deviceId'>,
  identity: SigningIdentity,
): JsonObject {
  const keys = {
    user_id: userId,
    device_id: deviceId,
    algorithms: ['m.olm.v1.curve25519-aes-sha2', 'm.megolm.v1.aes-sha2'],
    keys: {
      [`ed25519:${deviceId}`]: identity.publicKey,
      [`curve25519:${deviceId}`]: newIdentity().publicKey,
    },
  };
  return signedBy(keys, userId, deviceId, identity);
}

/** A cross-signing key, signed by the master key where there is one. */
export function crossSigningKey(
  userId: string,
  usage: string,
  { publicKey }: SigningIdentity,
  master?: SigningIdentity,
): JsonObject {
  const key = { user_id: userId, usage: [usage], keys: { [`ed25519:${publicKey}`]: publicKey } };
  return master === undefined ? key : signedBy(key, userId, master.publicKey, master);
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
