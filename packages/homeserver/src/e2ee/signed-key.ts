import { isJsonObject, signedText } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import { verifySignature } from '../federation-client/keys/verify-signature.ts';

/** The one public key of a cross-signing key; undefined where there is not exactly one. */
export function publicKeyOf(key: JsonObject): string | undefined {
  const { keys } = key;
  if (!isJsonObject(keys)) return undefined;
  const [entry, ...rest] = Object.entries(keys);
  if (entry === undefined || rest.length > 0) return undefined;
  const [keyId, publicKey] = entry;
  return typeof publicKey === 'string' && keyId === `ed25519:${publicKey}` ? publicKey : undefined;
}

/** The Ed25519 key of a device; undefined where it has none. */
export function deviceSigningKeyOf(deviceKeys: JsonObject, deviceId: string): string | undefined {
  const { keys } = deviceKeys;
  const found = isJsonObject(keys) ? keys[`ed25519:${deviceId}`] : undefined;
  return typeof found === 'string' ? found : undefined;
}

/** The signatures of one user on an object. */
export function signaturesOf(object: JsonObject, userId: string): JsonObject {
  const { signatures } = object;
  const found = isJsonObject(signatures) ? signatures[userId] : undefined;
  return isJsonObject(found) ? found : {};
}

/** The user's signature with this key, if it is there and right (Appendices, "Checking for a Signature"). */
export function validSignature(
  object: JsonObject,
  userId: string,
  keyId: string,
  publicKey: string,
): string | undefined {
  const signature = signaturesOf(object, userId)[keyId];
  if (typeof signature !== 'string') return undefined;
  return verifySignature(publicKey, signature, signedText(object)) ? signature : undefined;
}
