import { exceedsBytes } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import { deleteDeviceNids } from '../accounts/delete-devices.ts';
import { insertDeviceStatement, readDevice } from '../accounts/device-store.ts';
import { deviceDisplayNameLengthMax, deviceIdLengthMax } from '../accounts/limits.ts';
import { badRequest, forbidden, invalidParam, notFound, tooLarge } from '../errors/matrix-error.ts';
import { ChangeKind } from '../storage/change.ts';
import { readAt, write } from '../storage/database.ts';
import { putDehydratedDeviceStatement, readDehydratedDevice } from './dehydrated-device-store.ts';
import type { DehydratedDevice } from './dehydrated-device-store.ts';
import type { Encryption } from './encryption.ts';
import { parseKeyUpload } from './key-upload.ts';
import { keyBytesMax, toDeviceMessagesMax } from './limits.ts';
import { insertOneTimeKeyStatement, putFallbackKeyStatement } from './one-time-key-store.ts';
import { receiveToDevice } from './receive-to-device.ts';
import { publishStatements } from './upload-keys.ts';

interface Owner {
  readonly userId: string;
  readonly userNid: number;
}

/** A dehydrated device as a client uploads it, with its keys in the body. */
export interface NewDehydratedDevice {
  readonly deviceId: string;
  readonly deviceData: JsonObject;
  readonly displayName: string | undefined;
  /** `device_keys`, `one_time_keys` and `fallback_keys` as in `/keys/upload`. */
  readonly keys: JsonObject;
}

/** Puts a dehydrated device, with its keys, in the place of the one before. Throws `400`. */
export async function putDehydratedDevice(
  encryption: Encryption,
  owner: Owner,
  device: NewDehydratedDevice,
): Promise<void> {
  const { database, deviceNids, now } = encryption.accounts;
  const { userNid } = owner;
  const { deviceId } = device;
  if (deviceId.length > deviceIdLengthMax) throw invalidParam('The device_id is too long');
  const { deviceKeys, oneTimeKeys, fallbackKeys } = parseKeyUpload(device.keys, {
    userId: owner.userId,
    deviceId,
  });
  if (deviceKeys === undefined) throw badRequest('device_keys must be provided');
  const deviceData = JSON.stringify(device.deviceData);
  if (exceedsBytes(deviceData, keyBytesMax)) throw tooLarge('device_data is too large');
  const before = await readDehydratedDevice(database.reader, userNid);
  if (before !== undefined)
    await deleteDeviceNids(encryption.accounts, userNid, [before.deviceNid]);
  if ((await readDevice(database.reader, userNid, deviceId)) !== undefined) {
    throw badRequest('There is a device of this ID');
  }
  const deviceNid = await deviceNids.next();
  const place = { userNid, deviceNid };
  const displayName = device.displayName?.slice(0, deviceDisplayNameLengthMax);
  await write(database, {
    statements: [
      insertDeviceStatement({ ...place, deviceId, displayName, createdTs: now() }),
      putDehydratedDeviceStatement(userNid, deviceId, deviceData),
      ...publishStatements(place, deviceKeys),
      ...oneTimeKeys.map((key) => insertOneTimeKeyStatement(place, key)),
      ...fallbackKeys.map((key) => putFallbackKeyStatement(place, key)),
    ],
    positions: 1,
    touches: [{ kind: ChangeKind.deviceList, subject: userNid }],
  });
}

/** Throws `404 M_NOT_FOUND`. */
export async function getDehydratedDevice(
  { accounts: { database } }: Encryption,
  userNid: number,
): Promise<DehydratedDevice> {
  const found = await readDehydratedDevice(database.reader, userNid);
  if (found === undefined) throw notFound('There is no dehydrated device');
  return found;
}

/** Deletes it, and gives its ID. Throws `404 M_NOT_FOUND`. */
export async function deleteDehydratedDevice(
  encryption: Encryption,
  userNid: number,
): Promise<string> {
  const { deviceNid, deviceId } = await getDehydratedDevice(encryption, userNid);
  await deleteDeviceNids(encryption.accounts, userNid, [deviceNid]);
  return deviceId;
}

/** Which messages to a dehydrated device are asked for. */
export interface DehydratedEventsRequest {
  readonly deviceId: string;
  /** The token that came with those before. */
  readonly from: string | undefined;
  readonly limit?: number;
}

export interface DehydratedEvents {
  readonly events: readonly JsonObject[];
  readonly nextBatch: string;
  readonly hasMore: boolean;
}

/**
 * The next messages that were sent to it. They stay until it is deleted: a client that fails to take its place begins
 * again. Throws `403 M_FORBIDDEN` for another device, and `400 M_INVALID_PARAM`.
 */
export async function readDehydratedEvents(
  { accounts: { database, names } }: Encryption,
  userNid: number,
  { deviceId, from, limit = toDeviceMessagesMax }: DehydratedEventsRequest,
): Promise<DehydratedEvents> {
  const token = /^d(\d{1,15})$/.exec(from ?? 'd0');
  if (token === null) throw invalidParam('That is not a token of this server');
  return readAt(database, async (reader, position) => {
    const found = await readDehydratedDevice(reader, userNid);
    if (found?.deviceId !== deviceId) throw forbidden('This is not your dehydrated device');
    const device = { userNid, deviceNid: found.deviceNid };
    const above = Number(token[1]);
    const most = Math.min(limit, toDeviceMessagesMax);
    const received = await receiveToDevice(reader, names, device, above, position, most);
    const { events, upTo } = received;
    return { events, nextBatch: `d${upTo}`, hasMore: upTo < position };
  });
}
