import { ChangeKind } from '../storage/change.ts';
import { write } from '../storage/database.ts';
import { deleteAccountDataStatement } from './account-data-store.ts';
import { deactivateStatement } from './account-store.ts';
import type { Accounts } from './accounts.ts';
import { endSessionsStatements, endSessionsTouches } from './log-out-everywhere.ts';
import { deleteLoginTokensStatement } from './login-token-store.ts';
import { deleteProfileFieldsStatement } from './profile-field-store.ts';
import { setAvatarUrlStatement, setDisplayNameStatement } from './profile-store.ts';
import { deleteThreePidsStatement } from './three-pids/three-pid-store.ts';

/**
 * Ends an account for good, in one change: sessions, devices, password, profile and account data go, the name
 * stays taken. Whoever calls it then takes the user out of the rooms; an account that is still departing after
 * a restart is found by `readDeparting`.
 */
export async function deactivateAccount(
  accounts: Accounts,
  userNid: number,
  options: { readonly erases: boolean },
): Promise<void> {
  await write(accounts.database, {
    statements: [
      deactivateStatement(userNid, options.erases),
      ...endSessionsStatements(accounts, userNid),
      deleteLoginTokensStatement(userNid),
      setDisplayNameStatement(userNid),
      setAvatarUrlStatement(userNid),
      deleteProfileFieldsStatement(userNid),
      deleteAccountDataStatement(userNid),
      deleteThreePidsStatement(userNid),
      ...accounts.deviceFollower.ended(userNid),
    ],
    positions: 1,
    touches: [...endSessionsTouches(userNid), { kind: ChangeKind.userData, subject: userNid }],
  });
}
