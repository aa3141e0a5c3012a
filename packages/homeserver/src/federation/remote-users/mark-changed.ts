import { deviceListChangedStatement } from '../../e2ee/device-list-store.ts';
import { ChangeKind } from '../../storage/change.ts';
import { write } from '../../storage/database.ts';
import type { RemoteUserLists } from './remote-user-lists.ts';
import { markResyncStatement } from './resync-store.ts';

/** Notes, durably, that a user's devices are others than those known; until they are fetched each query asks for them. */
export async function markChanged(
  { database, now }: RemoteUserLists,
  userNid: number,
  serverName: string,
): Promise<void> {
  await write(database, {
    statements: [
      markResyncStatement(userNid, serverName, now()),
      deviceListChangedStatement(userNid),
    ],
    positions: 1,
    touches: [{ kind: ChangeKind.deviceList, subject: userNid }],
  });
}
