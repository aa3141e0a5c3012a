import { parseUserId, serverNameOf } from '@soma/protocol';

import { forbidden, invalidParam, notFound } from '../errors/matrix-error.ts';
import type { Account } from './account-store.ts';
import type { Accounts } from './accounts.ts';
import { findAccount } from './find-account.ts';

/**
 * The account that an administrator looks at or moderates (Client-server API, "Server administration"). Throws
 * `400 M_INVALID_PARAM`, `404 M_NOT_FOUND`, and `403 M_FORBIDDEN` for another administrator.
 */
export async function moderatedAccount(accounts: Accounts, userId: string): Promise<Account> {
  const parsed = parseUserId(userId);
  if (parsed === undefined || serverNameOf(parsed) !== accounts.serverName) {
    throw invalidParam('User does not belong to the local server');
  }
  const account = await findAccount(accounts, userId);
  if (account === undefined || account.isDeactivated) throw notFound('User not found');
  if (account.isAdmin) throw forbidden('Administrators cannot be moderated');
  return account;
}
