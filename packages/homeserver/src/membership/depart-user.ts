import { departedStatement } from '../accounts/account-store.ts';
import { MatrixError } from '../errors/matrix-error.ts';
import { write } from '../storage/database.ts';
import { leaveRoom } from './leave-room.ts';
import { readMembershipsOfUser } from './membership-store.ts';
import type { Membership } from './membership-store.ts';
import type { RemoteRooms } from './remote/remote-rooms.ts';

/** Some invitations take the answers of other servers to be rejected. */
const ROOMS_AT_ONCE = 10;
const isOut: ReadonlySet<Membership> = new Set(['leave', 'ban']);

/**
 * Takes a user whose account has ended out of all rooms: joined rooms are left, invites rejected, knocks
 * withdrawn. It may be called again after it was interrupted.
 */
export async function departUser(remote: RemoteRooms, userNid: number): Promise<void> {
  const { database } = remote.rooms;
  const records = await readMembershipsOfUser(database.reader, userNid);
  const left = records.filter(({ membership }) => !isOut.has(membership)).values();
  const work = async (): Promise<void> => {
    for (const { roomNid } of left) {
      try {
        await leaveRoom(remote, { roomNid, userNid });
      } catch (error) {
        // A room that cannot be left must not keep the user in the others.
        if (!(error instanceof MatrixError)) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: ROOMS_AT_ONCE }, work));
  await write(database, { statements: [departedStatement(userNid)], positions: 0 });
}
