import { exceedsBytes } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import { invalidParam, notFound, tooLarge } from '../errors/matrix-error.ts';
import { write } from '../storage/database.ts';
import type { Encryption } from './encryption.ts';
import {
  createBackupStatement,
  deleteBackupStatements,
  readBackupState,
  readBackupVersion,
  readNewestBackup,
  updateBackupStatement,
} from './key-backup-store.ts';
import type { BackupVersion } from './key-backup-store.ts';
import { keyBytesMax, keyNameBytesMax } from './limits.ts';

/** How a version of a backup is encrypted, as clients say it. */
export interface BackupDescription {
  readonly algorithm: string;
  readonly auth_data: JsonObject;
  readonly version?: string | null;
}

/** Begins a new version of the user's backup, and gives its number. */
export async function createBackup(
  { accounts: { database } }: Encryption,
  userNid: number,
  description: BackupDescription,
): Promise<string> {
  const { algorithm } = description;
  if (exceedsBytes(algorithm, keyNameBytesMax)) throw invalidParam('The algorithm is too long');
  const { rows } = await write(database, {
    statements: [createBackupStatement(userNid, algorithm, authDataOf(description))],
    returning: [0],
    positions: 0,
  });
  return String(rows[0]?.[0]?.['version']);
}

/** Describes a version, the newest one where none is named. Throws `404 M_NOT_FOUND`. */
export async function describeBackup(
  encryption: Encryption,
  userNid: number,
  version: string | undefined,
): Promise<JsonObject> {
  const { database } = encryption.accounts;
  return database.read(async (reader) => {
    const found =
      version === undefined
        ? await readNewestBackup(reader, userNid)
        : await readBackupVersion(reader, userNid, versionNumber(version));
    if (found === undefined) throw unknownVersion();
    const { count, etag } = await readBackupState(reader, userNid, found.version);
    const authData: JsonObject = JSON.parse(found.authData);
    return {
      version: String(found.version),
      algorithm: found.algorithm,
      auth_data: authData,
      count,
      etag: String(etag),
    };
  });
}

/** Changes the `auth_data` of a version. Throws `404 M_NOT_FOUND` and `400 M_INVALID_PARAM`. */
export async function updateBackup(
  encryption: Encryption,
  userNid: number,
  version: string,
  description: BackupDescription,
): Promise<void> {
  if ((description.version ?? version) !== version) {
    throw invalidParam('The version in the body is another one');
  }
  const found = await findBackup(encryption, userNid, version);
  if (found.algorithm !== description.algorithm) {
    throw invalidParam('The algorithm of a backup cannot be changed');
  }
  await write(encryption.accounts.database, {
    statements: [updateBackupStatement(userNid, found.version, authDataOf(description))],
    positions: 0,
  });
}

/** Deletes a version and its keys. Throws `404 M_NOT_FOUND`. */
export async function deleteBackup(
  encryption: Encryption,
  userNid: number,
  version: string,
): Promise<void> {
  const found = await findBackup(encryption, userNid, version);
  await write(encryption.accounts.database, {
    statements: deleteBackupStatements(userNid, found.version),
    positions: 1,
  });
}

/** Throws `404 M_NOT_FOUND` for a version that is not there, or no longer. */
export async function findBackup(
  { accounts: { database } }: Encryption,
  userNid: number,
  version: string,
): Promise<BackupVersion> {
  const found = await readBackupVersion(database.reader, userNid, versionNumber(version));
  if (found === undefined) throw unknownVersion();
  return found;
}

function versionNumber(version: string): number {
  if (!/^[1-9]\d{0,14}$/.test(version)) throw unknownVersion();
  return Number(version);
}

function unknownVersion(): Error {
  return notFound('There is no such backup version');
}

function authDataOf({ auth_data: authData }: BackupDescription): string {
  const json = JSON.stringify(authData);
  if (exceedsBytes(json, keyBytesMax)) throw tooLarge('auth_data is too large');
  return json;
}
