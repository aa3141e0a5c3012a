import { newUserId } from '@soma/protocol';
import type { UserId } from '@soma/protocol';

import { exclusive, MatrixError } from '../errors/matrix-error.ts';
import type { Accounts } from './accounts.ts';
import { findAccount } from './find-account.ts';

/**
 * The ID that a new user of this name would have. Throws `400 M_INVALID_USERNAME` for a name that nobody
 * may register (Appendices, "User Identifiers", and the rules of Synapse), and `400 M_EXCLUSIVE`.
 */
export function checkUsername(accounts: Accounts, username: string): UserId {
  const { allowUnderscorePrefixedRegistration } = accounts.config.registration;
  if (username === '') throw invalidUsername('The user name is empty');
  const userId = newUserId(username, accounts.serverName);
  if (userId !== undefined && accounts.isReserved(userId)) {
    throw exclusive('An application service has this user name');
  }
  if (username.startsWith('_') && !allowUnderscorePrefixedRegistration) {
    throw invalidUsername('A user name may not begin with an underscore');
  }
  if (/^\d+$/.test(username)) {
    throw invalidUsername('User names that are numbers are kept for guests');
  }
  if (userId === undefined) {
    throw invalidUsername(
      'A user name may hold a-z, 0-9 and ._=-/+ only, and its user ID 255 characters',
    );
  }
  return userId;
}

/** Throws `400 M_USER_IN_USE`, also for a name whose account was deactivated. */
export async function checkUsernameIsFree(accounts: Accounts, userId: UserId): Promise<void> {
  if ((await findAccount(accounts, userId)) !== undefined) throw usernameInUse();
}

export function usernameInUse(): MatrixError {
  return new MatrixError(400, 'M_USER_IN_USE', 'The user name is taken');
}

function invalidUsername(message: string): MatrixError {
  return new MatrixError(400, 'M_INVALID_USERNAME', message);
}
