import { GLOBAL, readAccountDataEntry } from './account-data-store.ts';
import type { Accounts } from './accounts.ts';
import { checkRoomId } from './set-account-data.ts';

/** The JSON text of account data, of a room or, without one, global. Throws `400 M_INVALID_PARAM`. */
export async function findAccountData(
  accounts: Accounts,
  userNid: number,
  roomId: string | undefined,
  type: string,
): Promise<string | undefined> {
  const roomNid =
    roomId === undefined ? GLOBAL : await accounts.names.rooms.find(checkRoomId(roomId));
  if (roomNid === undefined) return undefined;
  return readAccountDataEntry(accounts.database.reader, userNid, roomNid, type);
}
