import { write } from '../storage/database.ts';
import { hashOfToken, randomLetters } from './access-token.ts';
import type { Accounts } from './accounts.ts';
import { insertOpenIdTokenStatements, readOpenIdToken } from './openid-token-store.ts';

const LIFETIME_MS = 3_600_000;
const TOKEN_LETTERS = 40;

/** A token with which others can ask who the user is (CS API, "OpenID"), and how long it is good. */
export async function issueOpenIdToken(
  accounts: Accounts,
  userNid: number,
): Promise<{ readonly token: string; readonly lifetimeMs: number }> {
  const token = randomLetters(TOKEN_LETTERS);
  const nowMs = accounts.now();
  const validUntilTs = nowMs + LIFETIME_MS;
  await write(accounts.database, {
    statements: insertOpenIdTokenStatements(hashOfToken(token), userNid, validUntilTs, nowMs),
    positions: 0,
  });
  return { token, lifetimeMs: LIFETIME_MS };
}

/** The ID of the user who was given the token; undefined where it is unknown or over. */
export async function userOfOpenIdToken(
  accounts: Accounts,
  token: string,
): Promise<string | undefined> {
  const known = await readOpenIdToken(accounts.database.reader, hashOfToken(token));
  if (known === undefined || known.validUntilTs <= accounts.now()) return undefined;
  return accounts.names.users.text(known.userNid);
}
