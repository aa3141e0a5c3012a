import { exceedsBytes, parseRoomId } from '@soma/protocol';

import { MatrixError, invalidParam } from '../errors/matrix-error.ts';
import { ChangeKind } from '../storage/change.ts';
import { write } from '../storage/database.ts';
import { GLOBAL, IGNORED_USERS, putAccountDataStatement } from './account-data-store.ts';
import type { Accounts } from './accounts.ts';
import { accountDataTypeBytesMax } from './limits.ts';

/** What the server itself writes, from other endpoints. */
const OWN_TYPES: ReadonlySet<string> = new Set(['m.fully_read', 'm.push_rules']);

/** Sets account data of a type, of a room or, without one, global. Throws the refusals of the spec. */
export async function setAccountData(
  accounts: Accounts,
  userNid: number,
  roomId: string | undefined,
  type: string,
  content: object,
): Promise<void> {
  if (OWN_TYPES.has(type)) {
    throw new MatrixError(405, 'M_BAD_JSON', `${type} cannot be set through this endpoint`);
  }
  if (exceedsBytes(type, accountDataTypeBytesMax)) {
    throw invalidParam(`The type has more than ${accountDataTypeBytesMax} bytes`);
  }
  const roomNid =
    roomId === undefined ? GLOBAL : await accounts.names.rooms.intern(checkRoomId(roomId));
  await write(accounts.database, {
    statements: [
      putAccountDataStatement(userNid, roomNid, { type, content: JSON.stringify(content) }),
    ],
    positions: 1,
    touches: [
      { kind: ChangeKind.userData, subject: userNid },
      ...(roomNid === GLOBAL && type === IGNORED_USERS
        ? [{ kind: ChangeKind.ignoredUsers, subject: userNid }]
        : []),
    ],
  });
}

/** Throws `400 M_INVALID_PARAM`. */
export function checkRoomId(roomId: string): string {
  if (parseRoomId(roomId) === undefined) throw invalidParam('That is not a room ID');
  return roomId;
}
