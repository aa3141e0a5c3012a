import { escapeText, unescapeText } from '../../storage/escape-text.ts';
import { query, statement } from '../../storage/sql.ts';
import type { Reader, Statement } from '../../storage/sql.ts';
import type { Address, Medium } from './three-pid-store.ts';

/** What an address is to be proven for; the proof is good for nothing else. */
export type Purpose = 'register' | 'password' | 'add';

/** The attempt to prove that an address is somebody's. */
export interface ValidationSession extends Address {
  readonly sessionId: string;
  readonly clientSecret: string;
  readonly purpose: Purpose;
  readonly lastSendAttempt: number;
  /** When it succeeded, in milliseconds since the Unix epoch. */
  readonly validatedTs: number | undefined;
}

/** The link of one mail. */
export interface ValidationToken {
  readonly tokenHash: Uint8Array;
  readonly untilTs: number;
  /** Where it leads afterwards. */
  readonly nextLink: string | undefined;
}

interface SessionRow {
  readonly session_id: string;
  readonly medium: Medium;
  readonly address: string;
  readonly client_secret: string;
  readonly purpose: Purpose;
  readonly last_send_attempt: number;
  readonly validated_ts: number | null;
}

const columns = `session_id, medium, address, client_secret, purpose, last_send_attempt,
  validated_ts`;
const byId = query<SessionRow>(`select ${columns} from validation_sessions where session_id = ?`);
const pending = query<SessionRow>(
  `select ${columns} from validation_sessions
   where medium = ? and address = ? and client_secret = ? and purpose = ? and validated_ts is null`,
);
const put = query(
  `insert into validation_sessions (session_id, medium, address, client_secret, purpose,
     last_send_attempt, validated_ts, created_ts)
   values (?, ?, ?, ?, ?, ?, null, ?)
   on conflict (session_id) do update set last_send_attempt = excluded.last_send_attempt`,
);
const putToken = query(
  `insert into validation_tokens (session_id, token_hash, until_ts, next_link)
   values (?, ?, ?, ?)`,
);
const token = query<{ until_ts: number; next_link: string | null }>(
  `select until_ts, next_link from validation_tokens where session_id = ? and token_hash = ?`,
);
const validate = query(
  `update validation_sessions set validated_ts = coalesce(validated_ts, ?) where session_id = ?`,
);
const remove = query('delete from validation_sessions where session_id = ? returning session_id');
const removeOld = query('delete from validation_sessions where created_ts < ?');
const removeTokens = query(`delete from validation_tokens where until_ts < ? or session_id = ?`);

export async function readValidationSession(
  reader: Reader,
  sessionId: string,
): Promise<ValidationSession | undefined> {
  const row = await reader.get(byId, escapeText(sessionId));
  return row === undefined ? undefined : toSession(row);
}

/** The session of this secret that waits for its proof. */
export async function readPendingSession(
  reader: Reader,
  { medium, address }: Address,
  clientSecret: string,
  purpose: Purpose,
): Promise<ValidationSession | undefined> {
  const row = await reader.get(pending, medium, escapeText(address), clientSecret, purpose);
  return row === undefined ? undefined : toSession(row);
}

export function putSessionStatements(
  session: Omit<ValidationSession, 'validatedTs'>,
  { tokenHash, untilTs, nextLink }: ValidationToken,
  nowMs: number,
): Statement[] {
  const { sessionId, medium, address, clientSecret, purpose, lastSendAttempt } = session;
  const found = [sessionId, medium, escapeText(address), clientSecret, purpose] as const;
  const link = nextLink === undefined ? null : escapeText(nextLink);
  return [
    statement(put, ...found, lastSendAttempt, nowMs),
    statement(putToken, sessionId, tokenHash, untilTs, link),
  ];
}

export async function readValidationToken(
  reader: Reader,
  sessionId: string,
  tokenHash: Uint8Array,
): Promise<Omit<ValidationToken, 'tokenHash'> | undefined> {
  const row = await reader.get(token, escapeText(sessionId), tokenHash);
  if (row === undefined) return undefined;
  const nextLink = row.next_link === null ? undefined : unescapeText(row.next_link);
  return { untilTs: row.until_ts, nextLink };
}

export function validateSessionStatement(sessionId: string, nowMs: number): Statement {
  return statement(validate, nowMs, sessionId);
}

/** A proof is good once. The first statement gives a row back unless it was used already. */
export function deleteSessionStatements(sessionId: string): Statement[] {
  return [statement(remove, sessionId), statement(removeTokens, 0, sessionId)];
}

/** What began before `beforeTs`, and tokens that ended before it. */
export function deleteOldSessionsStatements(beforeTs: number): Statement[] {
  return [statement(removeOld, beforeTs), statement(removeTokens, beforeTs, '')];
}

function toSession(row: SessionRow): ValidationSession {
  return {
    sessionId: row.session_id,
    medium: row.medium,
    address: unescapeText(row.address),
    clientSecret: row.client_secret,
    purpose: row.purpose,
    lastSendAttempt: row.last_send_attempt,
    validatedTs: row.validated_ts ?? undefined,
  };
}
