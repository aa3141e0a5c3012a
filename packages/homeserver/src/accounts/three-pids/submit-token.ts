import { write } from '../../storage/database.ts';
import { hashOfToken } from '../access-token.ts';
import type { ThreePids } from './three-pids.ts';
import {
  readValidationSession,
  readValidationToken,
  validateSessionStatement,
} from './validation-session-store.ts';
import type { Purpose } from './validation-session-store.ts';

export interface SubmittedToken {
  readonly purpose: Purpose;
  readonly sessionId: string;
  readonly clientSecret: string;
  readonly token: string;
}

/** Whether the link of a mail proves its address, and where it leads then. */
export type SubmitOutcome =
  | { readonly isValid: false }
  | { readonly isValid: true; readonly nextLink: string | undefined };

/** What is known to who has read the mail: the token of one session, while it lasts. */
export async function submitToken(
  { accounts }: ThreePids,
  { purpose, sessionId, clientSecret, token }: SubmittedToken,
): Promise<SubmitOutcome> {
  const { database } = accounts;
  const session = await readValidationSession(database.reader, sessionId);
  const known = await readValidationToken(database.reader, sessionId, hashOfToken(token));
  if (session?.purpose !== purpose || session.clientSecret !== clientSecret) {
    return { isValid: false };
  }
  if (known === undefined) return { isValid: false };
  const { nextLink, untilTs } = known;
  // A link that is followed twice still says that it worked.
  if (session.validatedTs !== undefined) return { isValid: true, nextLink };
  const nowMs = accounts.now();
  if (untilTs <= nowMs) return { isValid: false };
  const statements = [validateSessionStatement(sessionId, nowMs)];
  await write(database, { statements, positions: 0 });
  return { isValid: true, nextLink };
}
