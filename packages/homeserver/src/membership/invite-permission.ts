import { isJsonObject } from '@soma/protocol';

import { GLOBAL, readAccountDataEntry } from '../accounts/account-data-store.ts';
import { MatrixError } from '../errors/matrix-error.ts';
import type { Rooms } from '../rooms/rooms.ts';
import type { Reader } from '../storage/sql.ts';

/** Whether a user of this server wants no invitations (CS API, "Invite permission"). */
export async function blocksInvites(reader: Reader, userNid: number): Promise<boolean> {
  const type = 'm.invite_permission_config';
  const text = await readAccountDataEntry(reader, userNid, GLOBAL, type);
  const config: unknown = text === undefined ? undefined : JSON.parse(text);
  return isJsonObject(config) && config['default_action'] === 'block';
}

/** Throws `403 M_INVITE_BLOCKED`. */
export async function checkInvitePermission(rooms: Rooms, userId: string): Promise<void> {
  const userNid = await rooms.names.users.find(userId);
  if (userNid !== undefined && (await blocksInvites(rooms.database.reader, userNid))) {
    throw new MatrixError(403, 'M_INVITE_BLOCKED', `${userId} takes no invitations`);
  }
}
