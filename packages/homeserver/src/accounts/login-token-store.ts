import { query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

const find = query<{ user_nid: number; valid_until_ts: number }>(
  'select user_nid, valid_until_ts from login_tokens where token_hash = ?',
);
const exists = query('select 1 as one from login_tokens where token_hash = ?');
const insert = query(
  'insert into login_tokens (token_hash, user_nid, valid_until_ts) values (?, ?, ?)',
);
const remove = query('delete from login_tokens where token_hash = ?');
const removeOfUser = query('delete from login_tokens where user_nid = ?');
const removeExpired = query('delete from login_tokens where user_nid = ? and valid_until_ts <= ?');

export interface LoginTokenRecord {
  readonly userNid: number;
  readonly validUntilTs: number;
}

export async function readLoginToken(
  reader: Reader,
  tokenHash: Uint8Array,
): Promise<LoginTokenRecord | undefined> {
  const row = await reader.get(find, tokenHash);
  return row === undefined
    ? undefined
    : { userNid: row.user_nid, validUntilTs: row.valid_until_ts };
}

export function loginTokenStandsStatement(tokenHash: Uint8Array): Statement {
  return statement(exists, tokenHash);
}

export function insertLoginTokenStatement(
  tokenHash: Uint8Array,
  { userNid, validUntilTs }: LoginTokenRecord,
): Statement {
  return statement(insert, tokenHash, userNid, validUntilTs);
}

export function deleteLoginTokenStatement(tokenHash: Uint8Array): Statement {
  return statement(remove, tokenHash);
}

export function deleteLoginTokensStatement(userNid: number): Statement {
  return statement(removeOfUser, userNid);
}

/** Those of the user that nobody used in time. */
export function deleteExpiredLoginTokensStatement(userNid: number, nowMs: number): Statement {
  return statement(removeExpired, userNid, nowMs);
}
