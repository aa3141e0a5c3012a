import { ChangeKind } from '../storage/change.ts';
import { write } from '../storage/database.ts';
import type { Statement } from '../storage/sql.ts';
import { deleteTokensButStatement } from './access-token-store.ts';
import type { Accounts } from './accounts.ts';
import { deleteDevicesButStatement } from './device-store.ts';
import { deleteRefreshTokensButStatement } from './refresh-token-store.ts';

/** Ends all of a user's sessions, and deletes their devices. */
export async function logOutEverywhere(accounts: Accounts, userNid: number): Promise<void> {
  await write(accounts.database, {
    statements: endSessionsStatements(userNid),
    positions: 1,
    touches: [{ kind: ChangeKind.account, subject: userNid }],
  });
}

/** All sessions but the one that is kept. The change must touch the account. */
export function endSessionsStatements(
  userNid: number,
  kept?: { readonly tokenNid: number | undefined; readonly deviceNid: number | undefined },
): readonly Statement[] {
  return [
    deleteTokensButStatement(userNid, kept?.tokenNid),
    deleteRefreshTokensButStatement(userNid, kept?.deviceNid),
    deleteDevicesButStatement(userNid, kept?.deviceNid),
  ];
}
