import { readAccount } from './account-store.ts';
import type { Account } from './account-store.ts';
import type { Accounts } from './accounts.ts';

/** The account of a user of this server, also one that is deactivated; undefined where there is none. */
export async function findAccount(
  accounts: Accounts,
  userId: string,
): Promise<Account | undefined> {
  const userNid = await accounts.names.users.find(userId);
  return userNid === undefined ? undefined : readAccount(accounts.database.reader, userNid);
}
