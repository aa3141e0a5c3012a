import { escapeText, unescapeText } from '../storage/escape-text.ts';
import { query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

interface TokenRow {
  readonly token: string;
  readonly uses_allowed: number | null;
  readonly completed: number;
  readonly expiry_ts: number | null;
}

/** A token that lets people register (Client-server API, "Token-authenticated registration"). */
export interface RegistrationToken {
  readonly token: string;
  /** Undefined for as many as there come. */
  readonly usesAllowed: number | undefined;
  /** How many registrations were finished with it. */
  readonly completed: number;
  readonly expiryTs: number | undefined;
}

const columns = 'token, uses_allowed, completed, expiry_ts';
const one = query<TokenRow>(`select ${columns} from registration_tokens where token = ?`);
const all = query<TokenRow>(`select ${columns} from registration_tokens order by token`);
const insert = query(
  `insert into registration_tokens (${columns}) values (?, ?, 0, ?) on conflict do nothing
   returning token`,
);
const update = query(
  'update registration_tokens set uses_allowed = ?, expiry_ts = ? where token = ? returning token',
);
const remove = query('delete from registration_tokens where token = ? returning token');
const complete = query('update registration_tokens set completed = completed + 1 where token = ?');

export async function readRegistrationToken(
  reader: Reader,
  token: string,
): Promise<RegistrationToken | undefined> {
  const row = await reader.get(one, escapeText(token));
  return row === undefined ? undefined : toToken(row);
}

export async function readRegistrationTokens(reader: Reader): Promise<RegistrationToken[]> {
  return (await reader.all(all)).map(toToken);
}

type TokenLimits = Pick<RegistrationToken, 'token' | 'usesAllowed' | 'expiryTs'>;

/** Gives a row back where the token is new. */
export function insertRegistrationTokenStatement(token: TokenLimits): Statement {
  const { usesAllowed, expiryTs } = token;
  return statement(insert, escapeText(token.token), usesAllowed ?? null, expiryTs ?? null);
}

/** Gives a row back where the token is known. */
export function updateRegistrationTokenStatement(token: TokenLimits): Statement {
  const { usesAllowed, expiryTs } = token;
  return statement(update, usesAllowed ?? null, expiryTs ?? null, escapeText(token.token));
}

/** Gives a row back where the token was known. */
export function deleteRegistrationTokenStatement(token: string): Statement {
  return statement(remove, escapeText(token));
}

/** Counts a registration that was finished with the token. */
export function completeRegistrationTokenStatement(token: string): Statement {
  return statement(complete, escapeText(token));
}

function toToken(row: TokenRow): RegistrationToken {
  return {
    token: unescapeText(row.token),
    usesAllowed: row.uses_allowed ?? undefined,
    completed: row.completed,
    expiryTs: row.expiry_ts ?? undefined,
  };
}
