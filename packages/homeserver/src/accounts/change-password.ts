import { ChangeKind } from '../storage/change.ts';
import { write } from '../storage/database.ts';
import { setPasswordStatement } from './account-store.ts';
import type { Accounts } from './accounts.ts';
import { endSessionsStatements, endSessionsTouches } from './log-out-everywhere.ts';
import type { CurrentSession } from './log-out.ts';
import { hashPassword } from './password-hash.ts';

/** Sets a password that was checked against the policy; ends the user's other sessions if asked to. */
export async function changePassword(
  accounts: Accounts,
  session: CurrentSession,
  password: string,
  logsOutOthers: boolean,
): Promise<void> {
  const { userNid } = session;
  const { pepper } = accounts.config.passwords;
  const passwordHash = await hashPassword(password, { pepper });
  await write(accounts.database, {
    statements: [
      setPasswordStatement(userNid, passwordHash),
      ...(logsOutOthers ? endSessionsStatements(accounts, userNid, session) : []),
    ],
    positions: 1,
    touches: logsOutOthers
      ? endSessionsTouches(userNid)
      : [{ kind: ChangeKind.account, subject: userNid }],
  });
}
