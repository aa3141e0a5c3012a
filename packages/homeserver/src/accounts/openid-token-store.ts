import { query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

const insert = query(
  'insert into openid_tokens (token_hash, user_nid, valid_until_ts) values (?, ?, ?)',
);
const removeExpired = query('delete from openid_tokens where valid_until_ts <= ?');
const find = query<{ user_nid: number; valid_until_ts: number }>(
  'select user_nid, valid_until_ts from openid_tokens where token_hash = ?',
);

/** Keeps a token, and forgets those that are over. */
export function insertOpenIdTokenStatements(
  tokenHash: Uint8Array,
  userNid: number,
  validUntilTs: number,
  nowMs: number,
): Statement[] {
  return [statement(removeExpired, nowMs), statement(insert, tokenHash, userNid, validUntilTs)];
}

export async function readOpenIdToken(
  reader: Reader,
  tokenHash: Uint8Array,
): Promise<{ readonly userNid: number; readonly validUntilTs: number } | undefined> {
  const row = await reader.get(find, tokenHash);
  return row === undefined
    ? undefined
    : { userNid: row.user_nid, validUntilTs: row.valid_until_ts };
}
