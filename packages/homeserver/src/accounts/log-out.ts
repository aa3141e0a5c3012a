import { ChangeKind } from '../storage/change.ts';
import { write } from '../storage/database.ts';
import { deleteTokenStatement } from './access-token-store.ts';
import type { Accounts } from './accounts.ts';
import { deleteDeviceNids } from './delete-devices.ts';

/** What of a requester a logout needs. */
export interface CurrentSession {
  readonly userNid: number;
  readonly deviceNid: number | undefined;
  readonly tokenNid: number | undefined;
}

/** Ends a session: its token no longer works, and its device is gone, once this resolves. */
export async function logOut(accounts: Accounts, session: CurrentSession): Promise<void> {
  const { userNid, deviceNid, tokenNid } = session;
  if (deviceNid !== undefined) {
    await deleteDeviceNids(accounts, userNid, [deviceNid]);
  } else if (tokenNid !== undefined) {
    await write(accounts.database, {
      statements: [deleteTokenStatement(userNid, tokenNid)],
      positions: 1,
      touches: [{ kind: ChangeKind.token, subject: tokenNid }],
    });
  }
}
