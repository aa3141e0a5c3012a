import { escapeText, unescapeText } from '../storage/escape-text.ts';
import { integerList, query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

interface RefreshTokenRow {
  readonly refresh_nid: number;
  readonly user_nid: number;
  readonly device_id: string;
  readonly replaces_nid: number | null;
  readonly valid_until_ts: number | null;
  readonly session_end_ts: number | null;
  readonly locked: number;
}

export interface RefreshTokenRecord {
  readonly refreshNid: number;
  readonly userNid: number;
  readonly deviceId: string;
  /** The one before, as long as nothing of this one was used. */
  readonly replacesNid: number | undefined;
  readonly validUntilTs: number | undefined;
  /** When the session ends, however often it is refreshed. */
  readonly sessionEndTs: number | undefined;
  readonly isLocked: boolean;
}

export interface NewRefreshToken {
  readonly refreshNid: number;
  readonly tokenHash: Uint8Array;
  readonly userNid: number;
  readonly deviceId: string;
  readonly replacesNid: number | undefined;
  readonly validUntilTs: number | undefined;
  readonly sessionEndTs: number | undefined;
}

const find = query<RefreshTokenRow>(
  `select r.refresh_nid, r.user_nid, d.device_id, r.replaces_nid, r.valid_until_ts,
     r.session_end_ts, a.locked
   from refresh_tokens r
   join accounts a on a.user_nid = r.user_nid and a.deactivated = 0
   join devices d on d.device_nid = r.device_nid
   where r.token_hash = ?`,
);
const exists = query('select 1 as one from refresh_tokens where refresh_nid = ?');
const successors = query<{ refresh_nid: number }>(
  'select refresh_nid from refresh_tokens where replaces_nid = ?',
);
const insert = query(
  `insert into refresh_tokens
     (refresh_nid, token_hash, user_nid, device_nid, replaces_nid, valid_until_ts, session_end_ts)
   select cast(? as bigint), ?, user_nid, device_nid, cast(? as bigint), cast(? as bigint),
     cast(? as bigint)
   from devices where user_nid = ? and device_id = ?`,
);
const confirm = query('update refresh_tokens set replaces_nid = null where refresh_nid = ?');
const remove = query('delete from refresh_tokens where refresh_nid {in}');
const removeOfDevice = query(
  `delete from refresh_tokens where device_nid in
     (select device_nid from devices where user_nid = ? and device_id = ?)`,
);
const removeOfDevices = query('delete from refresh_tokens where user_nid = ? and device_nid {in}');
const removeAllBut = query('delete from refresh_tokens where user_nid = ? and device_nid <> ?');

export async function readRefreshToken(
  reader: Reader,
  tokenHash: Uint8Array,
): Promise<RefreshTokenRecord | undefined> {
  const row = await reader.get(find, tokenHash);
  if (row === undefined) return undefined;
  return {
    refreshNid: row.refresh_nid,
    userNid: row.user_nid,
    deviceId: unescapeText(row.device_id),
    replacesNid: row.replaces_nid ?? undefined,
    validUntilTs: row.valid_until_ts ?? undefined,
    sessionEndTs: row.session_end_ts ?? undefined,
    isLocked: row.locked === 1,
  };
}

/** Those that were given for this one, of which none was used. */
export async function readSuccessors(reader: Reader, refreshNid: number): Promise<number[]> {
  return (await reader.all(successors, refreshNid)).map((row) => row.refresh_nid);
}

export function refreshTokenStandsStatement(refreshNid: number): Statement {
  return statement(exists, refreshNid);
}

/** Binds the token to the user's device of that ID, which must be there by then. */
export function insertRefreshTokenStatement(token: NewRefreshToken): Statement {
  return statement(
    insert,
    token.refreshNid,
    token.tokenHash,
    token.replacesNid ?? null,
    token.validUntilTs ?? null,
    token.sessionEndTs ?? null,
    token.userNid,
    escapeText(token.deviceId),
  );
}

/** Says that the token, or the access token beside it, was used. */
export function confirmRefreshTokenStatement(refreshNid: number): Statement {
  return statement(confirm, refreshNid);
}

export function deleteRefreshTokensStatement(refreshNids: readonly number[]): Statement {
  return statement(remove, integerList(refreshNids));
}

export function deleteRefreshTokensOfDeviceStatement(userNid: number, deviceId: string): Statement {
  return statement(removeOfDevice, userNid, escapeText(deviceId));
}

export function deleteRefreshTokensOfDevicesStatement(
  userNid: number,
  deviceNids: readonly number[],
): Statement {
  return statement(removeOfDevices, userNid, integerList(deviceNids));
}

export function deleteRefreshTokensButStatement(
  userNid: number,
  keptDeviceNid: number | undefined,
): Statement {
  return statement(removeAllBut, userNid, keptDeviceNid ?? 0);
}
