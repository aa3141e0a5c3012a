import type { JsonObject } from '@soma/protocol';

import { badRequest, unknownToken } from '../errors/matrix-error.ts';
import { ChangeKind } from '../storage/change.ts';
import type { Change } from '../storage/change.ts';
import type { Statement } from '../storage/sql.ts';
import {
  DEVICE_EXISTS,
  deviceExists,
  putDeviceKeysStatement,
  readDeviceKeys,
} from './device-key-store.ts';
import { deviceListChangedStatement } from './device-list-store.ts';
import type { Encryption, OwnDevice } from './encryption.ts';
import { parseKeyUpload } from './key-upload.ts';
import {
  insertOneTimeKeyStatement,
  keyIdIsFree,
  putFallbackKeyStatement,
  readOneTimeKeyCounts,
} from './one-time-key-store.ts';

/**
 * Publishes keys of the device (CS API, `POST /keys/upload`). Answers with how many one-time keys there are. Throws
 * `400 M_UNKNOWN` as Synapse does for another key of the same ID, and what {@link parseKeyUpload} throws.
 */
export async function uploadKeys(
  { accounts: { database } }: Encryption,
  device: OwnDevice,
  body: JsonObject,
): Promise<Record<string, number>> {
  const { deviceKeys, oneTimeKeys, fallbackKeys } = parseKeyUpload(body, device);
  const { reader } = database;
  const isNew =
    deviceKeys !== undefined && (await readDeviceKeys(reader, device.deviceNid)) !== deviceKeys;
  const statements = [
    ...(isNew ? publishStatements(device, deviceKeys) : []),
    ...oneTimeKeys.map((key) => insertOneTimeKeyStatement(device, key)),
    ...fallbackKeys.map((key) => putFallbackKeyStatement(device, key)),
  ];
  if (statements.length > 0) {
    const change: Change = {
      statements,
      guards: [deviceExists(device), ...oneTimeKeys.map((key) => keyIdIsFree(device, key))],
      positions: 1,
      ...(isNew ? { touches: [{ kind: ChangeKind.deviceList, subject: device.userNid }] } : {}),
    };
    const outcome = await database.submit(change).done;
    if (outcome.outcome === 'refused') throw refusal(outcome.guard);
  }
  return readOneTimeKeyCounts(reader, device);
}

/** Identity keys, which others must learn of. */
export function publishStatements(
  { userNid, deviceNid }: Pick<OwnDevice, 'userNid' | 'deviceNid'>,
  deviceKeys: string,
): readonly Statement[] {
  return [
    putDeviceKeysStatement(userNid, deviceNid, deviceKeys),
    deviceListChangedStatement(userNid),
  ];
}

function refusal(guard: string): Error {
  if (guard === DEVICE_EXISTS) return unknownToken();
  return badRequest(`One time key ${guard} already exists, with another content`);
}
