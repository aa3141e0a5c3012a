import type { Accounts } from '../accounts/accounts.ts';
import { findAccount } from '../accounts/find-account.ts';
import type { LoggedIn, LoginLimits } from '../accounts/log-in.ts';
import type { SessionRequest } from '../accounts/prepare-session.ts';
import { startSession } from '../accounts/start-session.ts';
import { INVALID_LOGIN, userIdOf } from '../accounts/user-identifier.ts';
import type { UserIdentifier } from '../accounts/user-identifier.ts';
import { forbidden, MatrixError, userLocked } from '../errors/matrix-error.ts';
import type { ApplicationService } from './application-service.ts';

/**
 * Logs in as a user of the application service, without a password. Throws `403 M_EXCLUSIVE` for a user of others,
 * `403 M_FORBIDDEN` for one that is not there, `403 M_USER_DEACTIVATED` and `401 M_USER_LOCKED`.
 */
export async function logInServiceUser(
  accounts: Accounts,
  service: ApplicationService,
  identifier: UserIdentifier,
  request: SessionRequest,
  limits: LoginLimits | undefined,
): Promise<LoggedIn> {
  const userId = await userIdOf(accounts, identifier);
  if (userId === undefined) throw forbidden(INVALID_LOGIN);
  if (!service.hasUser(userId)) {
    throw new MatrixError(403, 'M_EXCLUSIVE', 'The user is not one of the application service');
  }
  const account = await findAccount(accounts, userId);
  if (account === undefined) throw forbidden(INVALID_LOGIN);
  if (account.isDeactivated) {
    throw new MatrixError(403, 'M_USER_DEACTIVATED', 'This user has been deactivated');
  }
  if (account.isLocked) throw userLocked();
  limits?.beforeSession(userId);
  const { userNid } = account;
  const session = await startSession(accounts, { userId, userNid }, request);
  if (session === undefined) throw forbidden(INVALID_LOGIN);
  return { ...session, userId };
}
