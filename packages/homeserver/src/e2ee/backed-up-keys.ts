import { exceedsBytes, isJsonObject } from '@soma/protocol';
import type { JsonObject, JsonValue } from '@soma/protocol';

import { MatrixError, badJson, invalidParam, notFound, tooLarge } from '../errors/matrix-error.ts';
import { write } from '../storage/database.ts';
import { findBackup } from './backup-versions.ts';
import type { Encryption } from './encryption.ts';
import {
  backupIsNewest,
  deleteKeysStatements,
  mergeKeyStatement,
  readBackedUpKeys,
  readBackupState,
  readNewestBackup,
} from './key-backup-store.ts';
import type { BackedUpKey, BackupPart } from './key-backup-store.ts';
import { keyBytesMax, keyNameBytesMax } from './limits.ts';

/** Keys by session ID, by room ID. */
export type RoomKeys = Readonly<Record<string, { readonly sessions: JsonObject }>>;

/** Which keys of whose backup. */
export interface BackupQuestion extends BackupPart {
  readonly userNid: number;
  readonly version: string;
}

/**
 * Adds keys to a backup, each merged with what is there. Throws `403 M_WRONG_ROOM_KEYS_VERSION` unless the version is
 * the newest one, and `404 M_NOT_FOUND`.
 */
export async function putBackedUpKeys(
  encryption: Encryption,
  userNid: number,
  version: string,
  rooms: RoomKeys,
): Promise<JsonObject> {
  const { database } = encryption.accounts;
  const keys = Object.entries(rooms).flatMap(([roomId, { sessions }]) =>
    Object.entries(sessions).map(([sessionId, key]) => parseKey(roomId, sessionId, key)),
  );
  const backup = await findBackup(encryption, userNid, version);
  const outcome = await database.submit({
    statements: keys.map((key) => mergeKeyStatement(userNid, backup.version, key)),
    guards: [backupIsNewest(userNid, backup.version)],
    positions: 1,
  }).done;
  if (outcome.outcome === 'refused') {
    const newest = await readNewestBackup(database.reader, userNid);
    if (newest === undefined) throw notFound('There is no backup');
    throw new MatrixError(403, 'M_WRONG_ROOM_KEYS_VERSION', 'This is not the current version', {
      current_version: String(newest.version),
    });
  }
  return stateOf(encryption, userNid, backup.version);
}

/** Shows keys of a backup, by session ID, by room ID. Throws `404 M_NOT_FOUND` where there is no such version. */
export async function getBackedUpKeys(
  encryption: Encryption,
  question: BackupQuestion,
): Promise<ReadonlyMap<string, JsonObject>> {
  const { userNid, version } = question;
  const backup = await findBackup(encryption, userNid, version);
  const { reader } = encryption.accounts.database;
  const rooms = new Map<string, [string, JsonObject][]>();
  for (const key of await readBackedUpKeys(reader, userNid, backup.version, question)) {
    const sessions = rooms.get(key.roomId) ?? [];
    sessions.push([key.sessionId, toClientKey(key)]);
    rooms.set(key.roomId, sessions);
  }
  return new Map([...rooms].map(([roomId, keys]) => [roomId, Object.fromEntries(keys)]));
}

/** Deletes keys of a backup. Throws `404 M_NOT_FOUND` where there is no such version. */
export async function deleteBackedUpKeys(
  encryption: Encryption,
  question: BackupQuestion,
): Promise<JsonObject> {
  const { userNid, version } = question;
  const backup = await findBackup(encryption, userNid, version);
  await write(encryption.accounts.database, {
    statements: deleteKeysStatements(userNid, backup.version, question),
    positions: 1,
  });
  return stateOf(encryption, userNid, backup.version);
}

async function stateOf(
  { accounts: { database } }: Encryption,
  userNid: number,
  version: number,
): Promise<JsonObject> {
  const state = await readBackupState(database.reader, userNid, version);
  return { count: state.count, etag: String(state.etag) };
}

function parseKey(roomId: string, sessionId: string, key: JsonValue): BackedUpKey {
  if (exceedsBytes(roomId, keyNameBytesMax) || exceedsBytes(sessionId, keyNameBytesMax)) {
    throw invalidParam('A room or session ID is too long');
  }
  if (!isJsonObject(key)) throw badJson(`The key of session ${sessionId} must be object`);
  const { is_verified: isVerified, session_data: sessionData } = key;
  if (typeof isVerified !== 'boolean') {
    throw invalidParam(`is_verified of session ${sessionId} must be boolean`);
  }
  if (!isJsonObject(sessionData)) throw badJson(`session_data of ${sessionId} must be object`);
  const json = JSON.stringify(sessionData);
  if (exceedsBytes(json, keyBytesMax)) throw tooLarge(`session_data of ${sessionId} is too large`);
  return {
    roomId,
    sessionId,
    isVerified,
    firstMessageIndex: count(sessionId, key['first_message_index']),
    forwardedCount: count(sessionId, key['forwarded_count']),
    sessionData: json,
  };
}

function count(sessionId: string, value: JsonValue | undefined): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw badJson(`The counts of session ${sessionId} must be whole numbers`);
}

function toClientKey(key: BackedUpKey): JsonObject {
  const sessionData: JsonObject = JSON.parse(key.sessionData);
  return {
    first_message_index: key.firstMessageIndex,
    forwarded_count: key.forwardedCount,
    is_verified: key.isVerified,
    session_data: sessionData,
  };
}
