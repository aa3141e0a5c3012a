import { escapeText, unescapeText } from '../storage/escape-text.ts';
import { POSITION, integerList, query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

interface TokenRow {
  readonly token_nid: number;
  readonly user_nid: number;
  readonly device_nid: number | null;
  readonly device_id: string | null;
  readonly admin: number;
  readonly guest: number;
  readonly locked: number;
  readonly suspended: number;
  readonly valid_until_ts: number | null;
  readonly refresh_nid: number | null;
  readonly replaces_nid: number | null;
}

/** What a token proves, before its owner's name is known. */
export interface TokenRecord {
  readonly tokenNid: number;
  readonly userNid: number;
  readonly deviceNid: number | undefined;
  readonly deviceId: string | undefined;
  readonly isAdmin: boolean;
  readonly isGuest: boolean;
  readonly isLocked: boolean;
  readonly isSuspended: boolean;
  /** Undefined for one that does not expire. */
  readonly validUntilTs: number | undefined;
  /** The refresh token that came with it. */
  readonly refreshNid: number | undefined;
  /** The refresh token that loses its worth once this access token is used. */
  readonly replacesRefreshNid: number | undefined;
}

export interface NewToken {
  readonly tokenNid: number;
  /** SHA-256 of the token: the table is no use to who steals it. */
  readonly tokenHash: Uint8Array;
  readonly userNid: number;
  readonly deviceId: string;
  readonly validUntilTs: number | undefined;
  readonly refreshNid: number | undefined;
}

const find = query<TokenRow>(
  `select t.token_nid, t.user_nid, t.device_nid, d.device_id,
     a.admin, a.guest, a.locked, a.suspended, t.valid_until_ts, t.refresh_nid, r.replaces_nid
   from access_tokens t
   join accounts a on a.user_nid = t.user_nid and a.deactivated = 0
   left join devices d on d.device_nid = t.device_nid
   left join refresh_tokens r on r.refresh_nid = t.refresh_nid
   where t.token_hash = ?`,
);
const insert = query(
  `insert into access_tokens
     (token_nid, token_hash, user_nid, device_nid, position, valid_until_ts, refresh_nid)
   select cast(? as bigint), ?, user_nid, device_nid, cast(? as bigint), cast(? as bigint),
     cast(? as bigint)
   from devices where user_nid = ? and device_id = ?`,
);
const removeOfDevice = query(
  `delete from access_tokens where device_nid in
     (select device_nid from devices where user_nid = ? and device_id = ?)`,
);
const removeOfDevices = query('delete from access_tokens where user_nid = ? and device_nid {in}');
const remove = query('delete from access_tokens where user_nid = ? and token_nid = ?');
const removeOfRefreshTokens = query('delete from access_tokens where refresh_nid {in}');
const removeAllBut = query('delete from access_tokens where user_nid = ? and token_nid <> ?');

export async function readToken(
  reader: Reader,
  tokenHash: Uint8Array,
): Promise<TokenRecord | undefined> {
  const row = await reader.get(find, tokenHash);
  if (row === undefined) return undefined;
  return {
    tokenNid: row.token_nid,
    userNid: row.user_nid,
    deviceNid: row.device_nid ?? undefined,
    deviceId: row.device_id === null ? undefined : unescapeText(row.device_id),
    isAdmin: row.admin === 1,
    isGuest: row.guest === 1,
    isLocked: row.locked === 1,
    isSuspended: row.suspended === 1,
    validUntilTs: row.valid_until_ts ?? undefined,
    refreshNid: row.refresh_nid ?? undefined,
    replacesRefreshNid: row.replaces_nid ?? undefined,
  };
}

/** Binds the token to the user's device of that ID, which must be there by then. */
export function insertTokenStatement(token: NewToken): Statement {
  return statement(
    insert,
    token.tokenNid,
    token.tokenHash,
    POSITION,
    token.validUntilTs ?? null,
    token.refreshNid ?? null,
    token.userNid,
    escapeText(token.deviceId),
  );
}

export function deleteTokensOfDeviceStatement(userNid: number, deviceId: string): Statement {
  return statement(removeOfDevice, userNid, escapeText(deviceId));
}

export function deleteTokensOfDevicesStatement(
  userNid: number,
  deviceNids: readonly number[],
): Statement {
  return statement(removeOfDevices, userNid, integerList(deviceNids));
}

export function deleteTokenStatement(userNid: number, tokenNid: number): Statement {
  return statement(remove, userNid, tokenNid);
}

/** The access tokens that came with these refresh tokens. */
export function deleteTokensOfRefreshTokensStatement(refreshNids: readonly number[]): Statement {
  return statement(removeOfRefreshTokens, integerList(refreshNids));
}

export function deleteTokensButStatement(userNid: number, kept: number | undefined): Statement {
  return statement(removeAllBut, userNid, kept ?? 0);
}
