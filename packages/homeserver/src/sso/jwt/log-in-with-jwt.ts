import { newUserId, parseUserId } from '@soma/protocol';
import type { UserId } from '@soma/protocol';

import type { Account } from '../../accounts/account-store.ts';
import type { Accounts } from '../../accounts/accounts.ts';
import { findAccount } from '../../accounts/find-account.ts';
import type { LoggedIn, LoginLimits } from '../../accounts/log-in.ts';
import type { SessionRequest } from '../../accounts/prepare-session.ts';
import { registerAccount } from '../../accounts/register-account.ts';
import { startSession } from '../../accounts/start-session.ts';
import type { JwtConfig } from '../../config/config.ts';
import { forbidden, MatrixError, userLocked } from '../../errors/matrix-error.ts';
import { usableDisplayName } from '../update-profile.ts';

export interface JwtLogin {
  readonly token: string | undefined;
  readonly session: SessionRequest;
  /** Does what follows from a new account. */
  welcome(userId: string): Promise<void>;
}

/**
 * Logs in the user whom a signed token names, and makes the account where there is none, as Synapse. Throws
 * `403 M_FORBIDDEN` for a token that is not good, and the refusals of a login and a registration.
 */
export async function logInWithJwt(
  accounts: Accounts,
  config: JwtConfig,
  { token, session, welcome }: JwtLogin,
  limits: Pick<LoginLimits, 'beforeSession'>,
): Promise<LoggedIn> {
  if (token === undefined) throw forbidden('Token field for JWT is missing');
  const { verifyJwt } = await import('./verify-jwt.ts');
  const claims = await verifyJwt(config, token);
  const name = claims[config.subjectClaim];
  if (typeof name !== 'string' || name === '') throw forbidden('Invalid JWT');
  const displayName = claims[config.displayNameClaim ?? ''];
  const known = (await accountNamed(accounts, name)) ?? {
    ...(await makeAccount(accounts, name, displayName)),
    isNew: true,
  };
  const { userId, account } = known;
  if (account.isDeactivated) {
    throw new MatrixError(403, 'M_USER_DEACTIVATED', 'This account has been deactivated');
  }
  if (account.isLocked) throw userLocked();
  if ('isNew' in known) await welcome(userId);
  limits.beforeSession(userId.toLowerCase());
  const { userNid } = account;
  const started = await startSession(accounts, { userId, userNid }, session);
  if (started === undefined) throw new Error('a login without conditions was refused');
  return { ...started, userId };
}

interface Named {
  readonly userId: UserId;
  readonly account: Account;
}

/** Users from before names were in small letters are known by theirs. */
async function accountNamed(accounts: Accounts, name: string): Promise<Named | undefined> {
  const { serverName } = accounts;
  for (const userId of [
    parseUserId(`@${name}:${serverName}`),
    newUserId(name.toLowerCase(), serverName),
  ]) {
    const account = userId === undefined ? undefined : await findAccount(accounts, userId);
    if (userId !== undefined && account !== undefined && !account.isGuest) {
      return { userId, account };
    }
  }
  return undefined;
}

async function makeAccount(
  accounts: Accounts,
  username: string,
  displayName: unknown,
): Promise<Named> {
  const { userId } = await registerAccount(accounts, {
    username,
    password: undefined,
    displayName: typeof displayName === 'string' ? usableDisplayName(displayName) : undefined,
    session: undefined,
  });
  const account = await findAccount(accounts, userId);
  if (account === undefined) throw new Error('a user who has just been registered is not there');
  return { userId, account };
}
