import type { Guard } from '../storage/change.ts';
import { escapeText, unescapeText } from '../storage/escape-text.ts';
import { POSITION, query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

/** One version of a user's backup. */
export interface BackupVersion {
  readonly version: number;
  readonly algorithm: string;
  /** JSON text. */
  readonly authData: string;
}

/** How many keys a version holds, and what changes with them. */
export interface BackupState {
  readonly count: number;
  readonly etag: number;
}

/** The backed-up key of one session. */
export interface BackedUpKey {
  readonly roomId: string;
  readonly sessionId: string;
  readonly isVerified: boolean;
  readonly firstMessageIndex: number;
  readonly forwardedCount: number;
  /** JSON text. */
  readonly sessionData: string;
}

/** A part of a backup: all of it, a room's, or one session's. */
export interface BackupPart {
  readonly roomId: string | undefined;
  readonly sessionId: string | undefined;
}

interface VersionRow {
  readonly version: number;
  readonly algorithm: string;
  readonly auth_data: string;
}

interface KeyRow {
  readonly room_id: string;
  readonly session_id: string;
  readonly is_verified: number;
  readonly first_message_index: number;
  readonly forwarded_count: number;
  readonly session_data: string;
}

const versionColumns = 'version, algorithm, auth_data';
const create = query<{ version: number }>(
  `insert into key_backups (user_nid, version, algorithm, auth_data, etag, deleted)
   select cast(? as bigint), coalesce(max(version), 0) + 1, cast(? as text), cast(? as text), 0, 0
   from key_backups where user_nid = ?
   returning version`,
);
const one = query<VersionRow>(
  `select ${versionColumns} from key_backups where user_nid = ? and version = ? and deleted = 0`,
);
const newest = query<VersionRow>(
  `select ${versionColumns} from key_backups where user_nid = ? and deleted = 0
   order by version desc limit 1`,
);
const isNewest = query(
  `select 1 as one from key_backups b where b.user_nid = ? and b.version = ? and b.deleted = 0
   and not exists (select 1 from key_backups newer
     where newer.user_nid = b.user_nid and newer.version > b.version and newer.deleted = 0)`,
);
const update = query(
  'update key_backups set auth_data = ? where user_nid = ? and version = ? and deleted = 0',
);
const markDeleted = query('update key_backups set deleted = 1 where user_nid = ? and version = ?');
const touch = query('update key_backups set etag = ? where user_nid = ? and version = ?');
const state = query<{ count: number; etag: number | null; base: number }>(
  `select count(k.session_id) as count, max(k.position) as etag, b.etag as base
   from key_backups b
   left join key_backup_sessions k on k.user_nid = b.user_nid and k.version = b.version
   where b.user_nid = ? and b.version = ? group by b.etag`,
);
/** "If a key exists, the one that is better is kept": CS API, "Backup algorithm". */
const merge = query(
  `insert into key_backup_sessions (user_nid, version, room_id, session_id, is_verified,
     first_message_index, forwarded_count, session_data, position)
   values (?, ?, ?, ?, ?, ?, ?, ?, ?)
   on conflict (user_nid, version, room_id, session_id) do update set
     is_verified = excluded.is_verified, first_message_index = excluded.first_message_index,
     forwarded_count = excluded.forwarded_count, session_data = excluded.session_data,
     position = excluded.position
   where excluded.is_verified > key_backup_sessions.is_verified
     or (excluded.is_verified = key_backup_sessions.is_verified
       and (excluded.first_message_index < key_backup_sessions.first_message_index
         or (excluded.first_message_index = key_backup_sessions.first_message_index
           and excluded.forwarded_count < key_backup_sessions.forwarded_count)))`,
);
const keyColumns =
  'room_id, session_id, is_verified, first_message_index, forwarded_count, session_data';
const where = [
  'user_nid = ? and version = ?',
  'user_nid = ? and version = ? and room_id = ?',
  'user_nid = ? and version = ? and room_id = ? and session_id = ?',
];
const reads = where.map((each) =>
  query<KeyRow>(`select ${keyColumns} from key_backup_sessions where ${each}`),
);
const removals = where.map((each) => query(`delete from key_backup_sessions where ${each}`));

/** Begins a version with the next number, which the statement returns as `version`. */
export function createBackupStatement(
  userNid: number,
  algorithm: string,
  authData: string,
): Statement {
  return statement(create, userNid, escapeText(algorithm), authData, userNid);
}

/** Undefined for one that was deleted. */
export async function readBackupVersion(
  reader: Reader,
  userNid: number,
  version: number,
): Promise<BackupVersion | undefined> {
  return toVersion(await reader.get(one, userNid, version));
}

export async function readNewestBackup(
  reader: Reader,
  userNid: number,
): Promise<BackupVersion | undefined> {
  return toVersion(await reader.get(newest, userNid));
}

export async function readBackupState(
  reader: Reader,
  userNid: number,
  version: number,
): Promise<BackupState> {
  const row = await reader.get(state, userNid, version);
  return { count: row?.count ?? 0, etag: Math.max(row?.etag ?? 0, row?.base ?? 0) };
}

export function updateBackupStatement(
  userNid: number,
  version: number,
  authData: string,
): Statement {
  return statement(update, authData, userNid, version);
}

/** Its number is never given again. */
export function deleteBackupStatements(userNid: number, version: number): readonly Statement[] {
  return [statement(markDeleted, userNid, version), ...deleteKeysStatements(userNid, version)];
}

/** Holds while this version is the newest one. */
export function backupIsNewest(userNid: number, version: number): Guard {
  return {
    name: 'backup-is-newest',
    check: statement(isNewest, userNid, version),
    expect: 'exists',
  };
}

/** Keeps the better one of this key and the one that is there, at the change's position. */
export function mergeKeyStatement(userNid: number, version: number, key: BackedUpKey): Statement {
  return statement(
    merge,
    userNid,
    version,
    escapeText(key.roomId),
    escapeText(key.sessionId),
    key.isVerified ? 1 : 0,
    key.firstMessageIndex,
    key.forwardedCount,
    key.sessionData,
    POSITION,
  );
}

export async function readBackedUpKeys(
  reader: Reader,
  userNid: number,
  version: number,
  part: BackupPart,
): Promise<BackedUpKey[]> {
  const names = namesOf(part);
  const of = reads[names.length];
  const rows = of === undefined ? [] : await reader.all(of, userNid, version, ...names);
  return rows.map((row) => ({
    roomId: unescapeText(row.room_id),
    sessionId: unescapeText(row.session_id),
    isVerified: row.is_verified === 1,
    firstMessageIndex: row.first_message_index,
    forwardedCount: row.forwarded_count,
    sessionData: row.session_data,
  }));
}

/** The version changes at the change's position. */
export function deleteKeysStatements(
  userNid: number,
  version: number,
  part: BackupPart = { roomId: undefined, sessionId: undefined },
): readonly Statement[] {
  const names = namesOf(part);
  const removal = removals[names.length];
  return [
    ...(removal === undefined ? [] : [statement(removal, userNid, version, ...names)]),
    statement(touch, POSITION, userNid, version),
  ];
}

function namesOf({ roomId, sessionId }: BackupPart): string[] {
  return [roomId, sessionId].flatMap((name) => (name === undefined ? [] : [escapeText(name)]));
}

function toVersion(row: VersionRow | undefined): BackupVersion | undefined {
  if (row === undefined) return undefined;
  const { version, algorithm, auth_data: authData } = row;
  return { version, algorithm: unescapeText(algorithm), authData };
}
