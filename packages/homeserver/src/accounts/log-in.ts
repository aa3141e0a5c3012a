import type { UserId } from '@soma/protocol';

import { forbidden, userLocked } from '../errors/matrix-error.ts';
import { passwordStands } from './account-store.ts';
import type { Accounts } from './accounts.ts';
import { checkPassword } from './check-password.ts';
import type { Session, SessionRequest } from './prepare-session.ts';
import { startSession } from './start-session.ts';
import { INVALID_LOGIN, userIdOf } from './user-identifier.ts';
import type { UserIdentifier } from './user-identifier.ts';

export interface PasswordLogin extends SessionRequest {
  readonly identifier: UserIdentifier;
  readonly password: string;
}

/** The limits on logins to one account; each may throw `429 M_LIMIT_EXCEEDED`. */
export interface LoginLimits {
  beforeAttempt(userId: string): void;
  afterFailure(userId: string): void;
  beforeSession(userId: string): void;
}

export interface LoggedIn extends Session {
  readonly userId: UserId;
  /** What an identity provider wants said beside. */
  readonly extraAttributes?: Readonly<Record<string, string>> | undefined;
}

/**
 * Logs in with a password. An unknown user and a wrong password look the same: `403 M_FORBIDDEN`. Throws
 * `403 M_USER_DEACTIVATED` and `401 M_USER_LOCKED` as well.
 */
export async function logIn(
  accounts: Accounts,
  login: PasswordLogin,
  limits: LoginLimits,
): Promise<LoggedIn> {
  const claimed = await userIdOf(accounts, login.identifier);
  // What names nobody is limited by itself, as if it named somebody.
  const limitKey = (claimed ?? String(login.identifier['address'])).toLowerCase();
  limits.beforeAttempt(limitKey);
  const proven = await checkPassword(accounts, claimed, login.password);
  if (proven === undefined) {
    limits.afterFailure(limitKey);
    throw forbidden(INVALID_LOGIN);
  }
  const { userId, account, passwordHash } = proven;
  if (account.isLocked) throw userLocked();
  limits.beforeSession(limitKey);
  const { userNid } = account;
  const session = await startSession(accounts, { userId, userNid }, login, {
    guards: [passwordStands(userNid, passwordHash)],
  });
  // The password was changed while we checked the old one.
  if (session === undefined) throw forbidden(INVALID_LOGIN);
  return { ...session, userId };
}
