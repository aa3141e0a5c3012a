import { parseUserId } from '@soma/protocol';

import type { Account } from '../accounts/account-store.ts';
import type { Accounts } from '../accounts/accounts.ts';
import { findAccount } from '../accounts/find-account.ts';
import { badRequest, invalidParam, notFound } from '../errors/matrix-error.ts';

/** Throws M_INVALID_PARAM for what is no user ID. */
export function checkUserId(userId: string): void {
  if (parseUserId(userId) === undefined) throw invalidParam('The user ID is malformed');
}

/** The account of one of this server's users. Throws 400 for others, 404 for one that does not exist. */
export async function localAccount(accounts: Accounts, userId: string): Promise<Account> {
  checkUserId(userId);
  if (!userId.endsWith(`:${accounts.serverName}`)) {
    throw badRequest('Only users of this server can be looked up');
  }
  const account = await findAccount(accounts, userId);
  if (account === undefined) throw notFound('Unknown user');
  return account;
}
