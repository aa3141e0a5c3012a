import { exceedsBytes, isJsonObject } from '@soma/protocol';
import type { JsonObject, JsonValue } from '@soma/protocol';

import type { KeyUsage } from '../../e2ee/cross-signing-store.ts';
import { isKey, parseDeviceKeys } from '../../e2ee/key-upload.ts';
import { keyBytesMax, keyNameBytesMax } from '../../e2ee/limits.ts';
import { parseSigningKey } from '../../e2ee/upload-signing-keys.ts';
import { MatrixError } from '../../errors/matrix-error.ts';
import { devicesPerUserMax, displayNameLengthMax } from './limits.ts';
import type { RemoteDevice } from './remote-device-store.ts';

/** What a server says of the keys of one of its users; what is malformed is left out. */
export interface RemoteUserKeys {
  readonly devices: readonly RemoteDevice[];
  readonly master: JsonObject | undefined;
  readonly selfSigning: JsonObject | undefined;
}

/** A device list with its version (SS API, `GET /user/devices/{userId}`). */
export interface RemoteDeviceList extends RemoteUserKeys {
  readonly streamId: number;
}

/** Reads what concerns one user in an answer to `POST /user/keys/query`; undefined where nothing does. */
export function parseQueriedKeys(answer: JsonValue, userId: string): RemoteUserKeys | undefined {
  const devices = fieldOf(fieldOf(answer, 'device_keys'), userId);
  if (!isJsonObject(devices)) return undefined;
  const entries = Object.entries(devices).slice(0, devicesPerUserMax);
  return {
    devices: entries.flatMap(([deviceId, keys]) => {
      const name = fieldOf(fieldOf(keys, 'unsigned'), 'device_display_name');
      return parseDevice(userId, deviceId, keys, name) ?? [];
    }),
    master: parseCrossSigningKey(fieldOf(fieldOf(answer, 'master_keys'), userId), userId, 'master'),
    selfSigning: parseCrossSigningKey(
      fieldOf(fieldOf(answer, 'self_signing_keys'), userId),
      userId,
      'self_signing',
    ),
  };
}

/** Reads an answer to `GET /user/devices/{userId}`; undefined for what is none. */
export function parseDeviceList(answer: JsonValue, userId: string): RemoteDeviceList | undefined {
  const devices = fieldOf(answer, 'devices');
  const streamId = fieldOf(answer, 'stream_id');
  if (fieldOf(answer, 'user_id') !== userId || !Array.isArray(devices)) return undefined;
  if (typeof streamId !== 'number' || !Number.isSafeInteger(streamId)) return undefined;
  const parsed = devices.slice(0, devicesPerUserMax).flatMap((device) => {
    const deviceId = fieldOf(device, 'device_id');
    if (typeof deviceId !== 'string') return [];
    const name = fieldOf(device, 'device_display_name');
    return parseDevice(userId, deviceId, fieldOf(device, 'keys'), name) ?? [];
  });
  return {
    streamId,
    devices: parsed,
    master: parseCrossSigningKey(fieldOf(answer, 'master_key'), userId, 'master'),
    selfSigning: parseCrossSigningKey(fieldOf(answer, 'self_signing_key'), userId, 'self_signing'),
  };
}

/** A device and its identity keys; undefined where they are malformed or those of another device. */
export function parseDevice(
  userId: string,
  deviceId: string,
  keys: JsonValue | undefined,
  displayName: JsonValue | undefined,
): RemoteDevice | undefined {
  if (!isJsonObject(keys) || exceedsBytes(deviceId, keyNameBytesMax)) return undefined;
  const { unsigned: _unsigned, ...signed } = keys;
  const json = unlessRefused(() => parseDeviceKeys(signed, { userId, deviceId }));
  if (json === undefined) return undefined;
  const name = typeof displayName === 'string' ? displayName : undefined;
  return { deviceId, displayName: name?.slice(0, displayNameLengthMax), json };
}

export function parseCrossSigningKey(
  key: JsonValue | undefined,
  userId: string,
  usage: KeyUsage,
): JsonObject | undefined {
  return key === undefined ? undefined : unlessRefused(() => parseSigningKey(key, userId, usage));
}

/** The keys of an answer to `POST /user/keys/claim` that were asked for, at most one of each device. */
export function parseClaimedKeys(
  answer: JsonValue,
  userId: string,
  claims: Readonly<Record<string, string>>,
): JsonObject | undefined {
  const devices = fieldOf(fieldOf(answer, 'one_time_keys'), userId);
  const found = Object.entries(claims).flatMap(([deviceId, algorithm]) => {
    const keys = fieldOf(devices, deviceId);
    const key = Object.entries(isJsonObject(keys) ? keys : {}).find(
      ([name, value]) => name.startsWith(`${algorithm}:`) && isClaimable(name, value),
    );
    return key === undefined ? [] : [[deviceId, Object.fromEntries([key])] as const];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

function isClaimable(name: string, value: JsonValue): boolean {
  if (exceedsBytes(name, keyNameBytesMax) || !isKey(value)) return false;
  return !exceedsBytes(JSON.stringify(value), keyBytesMax);
}

function fieldOf(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** What our own users would be refused for, others' are not taken with either. */
function unlessRefused<Value>(parse: () => Value): Value | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof MatrixError) return undefined;
    throw error;
  }
}
