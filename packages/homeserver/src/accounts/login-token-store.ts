import { escapeText, unescapeText } from '../storage/escape-text.ts';
import { query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

interface LoginTokenRow {
  readonly user_nid: number;
  readonly valid_until_ts: number;
  readonly auth_provider: string | null;
  readonly provider_session_id: string | null;
  readonly extra_attributes: string | null;
}

const find = query<LoginTokenRow>(
  `select user_nid, valid_until_ts, auth_provider, provider_session_id, extra_attributes
   from login_tokens where token_hash = ?`,
);
const exists = query('select 1 as one from login_tokens where token_hash = ?');
const insert = query(
  `insert into login_tokens (token_hash, user_nid, valid_until_ts, auth_provider,
     provider_session_id, extra_attributes)
   values (?, ?, ?, ?, ?, ?)`,
);
const remove = query('delete from login_tokens where token_hash = ?');
const removeOfUser = query('delete from login_tokens where user_nid = ?');
const removeOfProviderSession = query(
  'delete from login_tokens where auth_provider = ? and provider_session_id = ?',
);
const removeOfProviderUser = query(
  'delete from login_tokens where auth_provider = ? and user_nid = ?',
);
const removeExpired = query('delete from login_tokens where user_nid = ? and valid_until_ts <= ?');

/** The identity provider, and its session, that a login came from. */
export interface LoginOrigin {
  readonly authProvider: string;
  readonly providerSessionId: string | undefined;
  /** What the answer to the login says beside what the specification has. */
  readonly extraAttributes: Readonly<Record<string, string>>;
}

export interface LoginTokenRecord {
  readonly userNid: number;
  readonly validUntilTs: number;
  readonly origin: LoginOrigin | undefined;
}

export async function readLoginToken(
  reader: Reader,
  tokenHash: Uint8Array,
): Promise<LoginTokenRecord | undefined> {
  const row = await reader.get(find, tokenHash);
  if (row === undefined) return undefined;
  return { userNid: row.user_nid, validUntilTs: row.valid_until_ts, origin: originIn(row) };
}

export function loginTokenStandsStatement(tokenHash: Uint8Array): Statement {
  return statement(exists, tokenHash);
}

export function insertLoginTokenStatement(
  tokenHash: Uint8Array,
  { userNid, validUntilTs, origin }: LoginTokenRecord,
): Statement {
  return statement(
    insert,
    tokenHash,
    userNid,
    validUntilTs,
    origin === undefined ? null : escapeText(origin.authProvider),
    origin?.providerSessionId === undefined ? null : escapeText(origin.providerSessionId),
    origin === undefined ? null : JSON.stringify(origin.extraAttributes),
  );
}

export function deleteLoginTokenStatement(tokenHash: Uint8Array): Statement {
  return statement(remove, tokenHash);
}

export function deleteLoginTokensStatement(userNid: number): Statement {
  return statement(removeOfUser, userNid);
}

/** Those that came from a session at an identity provider. */
export function deleteLoginTokensOfProviderSessionStatement(
  authProvider: string,
  providerSessionId: string,
): Statement {
  return statement(
    removeOfProviderSession,
    escapeText(authProvider),
    escapeText(providerSessionId),
  );
}

/** Those of the user that came from an identity provider. */
export function deleteLoginTokensOfProviderUserStatement(
  authProvider: string,
  userNid: number,
): Statement {
  return statement(removeOfProviderUser, escapeText(authProvider), userNid);
}

/** Those of the user that nobody used in time. */
export function deleteExpiredLoginTokensStatement(userNid: number, nowMs: number): Statement {
  return statement(removeExpired, userNid, nowMs);
}

function originIn(row: LoginTokenRow): LoginOrigin | undefined {
  if (row.auth_provider === null) return undefined;
  const sessionId = row.provider_session_id;
  return {
    authProvider: unescapeText(row.auth_provider),
    providerSessionId: sessionId === null ? undefined : unescapeText(sessionId),
    // Written by the statement above.
    extraAttributes: JSON.parse(row.extra_attributes ?? '{}') as Record<string, string>,
  };
}
