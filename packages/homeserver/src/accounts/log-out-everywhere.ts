import { ChangeKind } from '../storage/change.ts';
import type { Touch } from '../storage/change.ts';
import { write } from '../storage/database.ts';
import type { Statement } from '../storage/sql.ts';
import { deleteTokensButStatement } from './access-token-store.ts';
import type { Accounts } from './accounts.ts';
import { deleteDevicesButStatement } from './device-store.ts';
import { deleteRefreshTokensButStatement } from './refresh-token-store.ts';

/** Ends all of a user's sessions, and deletes their devices. */
export async function logOutEverywhere(accounts: Accounts, userNid: number): Promise<void> {
  await write(accounts.database, {
    statements: endSessionsStatements(accounts, userNid),
    positions: 1,
    touches: endSessionsTouches(userNid),
  });
}

/** All sessions but the one that is kept; {@link endSessionsTouches} belong to it. */
export function endSessionsStatements(
  { deviceFollower }: Pick<Accounts, 'deviceFollower'>,
  userNid: number,
  kept?: { readonly tokenNid: number | undefined; readonly deviceNid: number | undefined },
): readonly Statement[] {
  return [
    deleteTokensButStatement(userNid, kept?.tokenNid),
    deleteRefreshTokensButStatement(userNid, kept?.deviceNid),
    deleteDevicesButStatement(userNid, kept?.deviceNid),
    ...deviceFollower.removed(userNid),
  ];
}

export function endSessionsTouches(userNid: number): readonly Touch[] {
  return [
    { kind: ChangeKind.account, subject: userNid },
    { kind: ChangeKind.deviceList, subject: userNid },
  ];
}
