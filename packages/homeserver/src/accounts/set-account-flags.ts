import { ChangeKind } from '../storage/change.ts';
import { write } from '../storage/database.ts';
import { setFlagsStatement } from './account-store.ts';
import type { Account, AccountFlags } from './account-store.ts';
import type { Accounts } from './accounts.ts';

/** Changes what an account may; it holds for every request from when this resolves. */
export async function setAccountFlags(
  accounts: Accounts,
  account: Account,
  flags: Partial<AccountFlags>,
): Promise<void> {
  await write(accounts.database, {
    statements: [setFlagsStatement(account.userNid, { ...account, ...flags })],
    positions: 1,
    touches: [{ kind: ChangeKind.account, subject: account.userNid }],
  });
}
