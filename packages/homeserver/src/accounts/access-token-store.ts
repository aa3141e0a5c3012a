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
}

export interface NewToken {
  readonly tokenNid: number;
  /** SHA-256 of the token: the table is no use to who steals it. */
  readonly tokenHash: Uint8Array;
  readonly userNid: number;
  readonly deviceId: string;
}

const find = query<TokenRow>(
  `select t.token_nid, t.user_nid, t.device_nid, d.device_id,
     a.admin, a.guest, a.locked, a.suspended
   from access_tokens t
   join accounts a on a.user_nid = t.user_nid and a.deactivated = 0
   left join devices d on d.device_nid = t.device_nid
   where t.token_hash = ?`,
);
const insert = query(
  `insert into access_tokens (token_nid, token_hash, user_nid, device_nid, position)
   select cast(? as bigint), ?, user_nid, device_nid, cast(? as bigint) from devices
   where user_nid = ? and device_id = ?`,
);
const removeOfDevice = query(
  `delete from access_tokens where device_nid in
     (select device_nid from devices where user_nid = ? and device_id = ?)`,
);
const removeOfDevices = query('delete from access_tokens where user_nid = ? and device_nid {in}');
const remove = query('delete from access_tokens where user_nid = ? and token_nid = ?');
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
  };
}

/** Binds the token to the user's device of that ID, which must be there by then. */
export function insertTokenStatement(token: NewToken): Statement {
  const { tokenNid, tokenHash, userNid, deviceId } = token;
  return statement(insert, tokenNid, tokenHash, POSITION, userNid, escapeText(deviceId));
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

export function deleteTokensButStatement(userNid: number, kept: number | undefined): Statement {
  return statement(removeAllBut, userNid, kept ?? 0);
}
