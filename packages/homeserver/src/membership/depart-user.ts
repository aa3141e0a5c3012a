import { departedStatement } from '../accounts/account-store.ts';
import { MatrixError } from '../errors/matrix-error.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { write } from '../storage/database.ts';
import { changeMembership } from './change-membership.ts';
import { readMembershipsOfUser } from './membership-store.ts';

/**
 * Takes a user whose account has ended out of all rooms: joined rooms are left, invites rejected, knocks
 * withdrawn. It may be called again after it was interrupted.
 */
export async function departUser(rooms: Rooms, userNid: number): Promise<void> {
  const { database, names } = rooms;
  const userId = await names.users.text(userNid);
  for (const { roomNid, membership } of await readMembershipsOfUser(database.reader, userNid)) {
    if (membership === 'leave' || membership === 'ban') continue;
    try {
      const request = { roomNid, sender: userId, target: userId, action: 'leave' } as const;
      await changeMembership(rooms, request);
    } catch (error) {
      // A room that cannot be left must not keep the user in the others.
      if (!(error instanceof MatrixError)) throw error;
    }
  }
  await write(database, { statements: [departedStatement(userNid)], positions: 0 });
}
