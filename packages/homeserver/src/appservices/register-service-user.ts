import { parseUserId } from '@soma/protocol';

import type { Accounts } from '../accounts/accounts.ts';
import { registerAccount } from '../accounts/register-account.ts';
import type { Registered, Registration } from '../accounts/register-account.ts';
import { exclusive, MatrixError } from '../errors/matrix-error.ts';
import type { ApplicationService } from './application-service.ts';
import type { ApplicationServices } from './application-services.ts';

/**
 * Makes a user without a password, whatever registration asks of others (Application Service API, "Server admin style
 * permissions"). Names of the historical grammar are taken, since bridges have users of such names. Throws
 * `400 M_EXCLUSIVE`, `400 M_INVALID_USERNAME` and `400 M_USER_IN_USE`.
 */
export async function registerServiceUser(
  accounts: Accounts,
  services: ApplicationServices,
  service: ApplicationService,
  wish: { readonly username: string; readonly session: Registration['session'] },
): Promise<Registered> {
  const userId = parseUserId(`@${wish.username}:${accounts.serverName}`);
  if (userId === undefined || wish.username === '') {
    throw new MatrixError(400, 'M_INVALID_USERNAME', 'The user name makes no user ID');
  }
  if (!service.hasUser(userId) || services.isUserReserved(userId, service)) {
    throw exclusive('The user name is not one of the application service');
  }
  return registerAccount(accounts, {
    username: undefined,
    password: undefined,
    session: wish.session,
    ofService: { id: service.id, userId },
  });
}
