import { hash } from 'node:crypto';

import { exceedsBytes, isJsonObject, signedText } from '@soma/protocol';
import type { JsonObject, JsonValue } from '@soma/protocol';

import { badJson, tooLarge } from '../errors/matrix-error.ts';
import { keyBytesMax, keyNameBytesMax } from './limits.ts';
import type { ClaimableKey, NewOneTimeKey } from './one-time-key-store.ts';

/** The keys of a device as they are stored. */
export interface KeyUpload {
  /** JSON text of the identity keys; undefined where they stay. */
  readonly deviceKeys: string | undefined;
  readonly oneTimeKeys: readonly NewOneTimeKey[];
  readonly fallbackKeys: readonly ClaimableKey[];
}

/** Whose keys they must be. */
interface Owner {
  readonly userId: string;
  readonly deviceId: string;
}

/** Reads the body of an upload. Throws `400 M_BAD_JSON`, and `413 M_TOO_LARGE`. */
export function parseKeyUpload(body: JsonObject, owner: Owner): KeyUpload {
  const { device_keys: deviceKeys } = body;
  const oneTimeKeys = parseKeys('one_time_keys', body['one_time_keys']);
  return {
    deviceKeys: deviceKeys === undefined ? undefined : parseDeviceKeys(deviceKeys, owner),
    oneTimeKeys: oneTimeKeys.map(({ value, ...key }, ordinal) => ({
      ...key,
      ordinal,
      unsignedHash: unsignedHash(value),
    })),
    fallbackKeys: parseKeys('fallback_keys', body['fallback_keys']),
  };
}

/** Checks the identity keys of a device and gives their JSON text. Throws as {@link parseKeyUpload}. */
export function parseDeviceKeys(keys: JsonValue, owner: Owner): string {
  if (!isJsonObject(keys)) throw badJson('Field device_keys must be object');
  const { algorithms, keys: publicKeys, signatures } = keys;
  if (keys['user_id'] !== owner.userId) {
    throw badJson('device_keys.user_id is not the user of the access token');
  }
  if (keys['device_id'] !== owner.deviceId) {
    throw badJson('device_keys.device_id is not the device of the access token');
  }
  if (!Array.isArray(algorithms) || algorithms.some((each) => typeof each !== 'string')) {
    throw badJson('Field device_keys.algorithms must be a list of strings');
  }
  if (!isTextMap(publicKeys)) throw badJson('Field device_keys.keys must map to strings');
  if (!isSignatures(signatures)) {
    throw badJson('Field device_keys.signatures must map to signatures by user');
  }
  return checkedJson('device_keys', keys);
}

interface ParsedKey extends ClaimableKey {
  readonly value: JsonValue;
}

function parseKeys(field: string, keys: JsonValue | undefined): ParsedKey[] {
  if (keys === undefined || keys === null) return [];
  if (!isJsonObject(keys)) throw badJson(`Field ${field} must be object`);
  return Object.entries(keys).map(([name, value]) => {
    const [algorithm, keyId, ...rest] = name.split(':');
    if (algorithm === undefined || keyId === undefined || rest.length > 0) {
      throw badJson(`Field ${field} has a name that is not <algorithm>:<key ID>`);
    }
    if (exceedsBytes(name, keyNameBytesMax)) throw badJson(`Field ${field} has too long a name`);
    if (!isKey(value)) throw badJson(`Field ${field}.${name} must be a key or a signed key`);
    return { algorithm, keyId, value, json: checkedJson(`${field}.${name}`, value) };
  });
}

/** Whether it can be a one-time key: a text, or a signed key. */
export function isKey(value: JsonValue): boolean {
  if (typeof value === 'string') return true;
  return (
    isJsonObject(value) && typeof value['key'] === 'string' && isSignatures(value['signatures'])
  );
}

function isSignatures(value: JsonValue | undefined): boolean {
  return isJsonObject(value) && Object.values(value).every(isTextMap);
}

function isTextMap(value: JsonValue | undefined): boolean {
  return isJsonObject(value) && Object.values(value).every((each) => typeof each === 'string');
}

function checkedJson(field: string, value: JsonValue): string {
  const json = JSON.stringify(value);
  if (exceedsBytes(json, keyBytesMax)) throw tooLarge(`Field ${field} is too large`);
  return json;
}

/** Each upload may sign the same key anew. */
function unsignedHash(value: JsonValue): Uint8Array {
  const text = isJsonObject(value) ? signedText(value) : JSON.stringify(value);
  return hash('sha256', text, 'buffer');
}
