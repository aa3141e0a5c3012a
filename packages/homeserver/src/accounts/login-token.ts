import { parseUserId } from '@soma/protocol';

import { MatrixError, forbidden, userLocked } from '../errors/matrix-error.ts';
import { write } from '../storage/database.ts';
import { hashOfToken, newLoginToken } from './access-token.ts';
import { readAccount } from './account-store.ts';
import type { Accounts } from './accounts.ts';
import type { LoggedIn, LoginLimits } from './log-in.ts';
import {
  deleteExpiredLoginTokensStatement,
  deleteLoginTokenStatement,
  insertLoginTokenStatement,
  loginTokenStandsStatement,
  readLoginToken,
} from './login-token-store.ts';
import type { LoginOrigin } from './login-token-store.ts';
import type { SessionRequest } from './prepare-session.ts';
import { startSession } from './start-session.ts';

/** A token for one `m.login.token` login as the user (Client-server API, "Token-based"), of whatever origin. */
export async function issueLoginToken(
  accounts: Accounts,
  userNid: number,
  lifetimeMs: number,
  origin?: LoginOrigin,
): Promise<string> {
  const token = newLoginToken();
  const nowMs = accounts.now();
  await write(accounts.database, {
    statements: [
      deleteExpiredLoginTokensStatement(userNid, nowMs),
      insertLoginTokenStatement(hashOfToken(token), {
        userNid,
        validUntilTs: nowMs + lifetimeMs,
        origin,
      }),
    ],
    positions: 0,
  });
  return token;
}

/** Logs in with such a token, which is good once. Throws the refusals of a login. */
export async function logInWithToken(
  accounts: Accounts,
  token: string,
  request: SessionRequest,
  limits: Pick<LoginLimits, 'beforeSession'>,
): Promise<LoggedIn> {
  const tokenHash = hashOfToken(token);
  const known = await readLoginToken(accounts.database.reader, tokenHash);
  if (known === undefined || known.validUntilTs <= accounts.now()) throw invalidToken();
  const { userNid, origin } = known;
  const account = await readAccount(accounts.database.reader, userNid);
  const userId = parseUserId(await accounts.names.users.text(userNid));
  if (account === undefined || userId === undefined) throw invalidToken();
  if (account.isDeactivated) {
    throw new MatrixError(403, 'M_USER_DEACTIVATED', 'This account has been deactivated');
  }
  if (account.isLocked) throw userLocked();
  limits.beforeSession(userId.toLowerCase());
  const check = loginTokenStandsStatement(tokenHash);
  const session = await startSession(
    accounts,
    { userId, userNid },
    { ...request, origin },
    {
      guards: [{ name: 'login-token-stands', check, expect: 'exists' }],
      statements: [deleteLoginTokenStatement(tokenHash)],
    },
  );
  if (session === undefined) throw invalidToken();
  return { ...session, userId, extraAttributes: origin?.extraAttributes };
}

function invalidToken(): MatrixError {
  return forbidden('Invalid login token');
}
