import { badRequest } from '../errors/matrix-error.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { ChangeKind } from '../storage/change.ts';
import { write } from '../storage/database.ts';
import { forgetStatement, readMembership } from './membership-store.ts';

/** CS API, `POST /rooms/{roomId}/forget`. Throws `400 M_UNKNOWN` for a room that the user is still in. */
export async function forgetRoom(rooms: Rooms, userNid: number, roomId: string): Promise<void> {
  const { database, names } = rooms;
  const roomNid = await names.rooms.find(roomId);
  const record =
    roomNid === undefined ? undefined : await readMembership(database.reader, userNid, roomNid);
  if (record === undefined) throw badRequest('You were never in this room');
  if (record.membership !== 'leave' && record.membership !== 'ban') {
    throw badRequest('Leave the room before you forget it');
  }
  await write(database, {
    statements: [forgetStatement(userNid, record.roomNid)],
    positions: 1,
    touches: [{ kind: ChangeKind.membership, subject: userNid }],
  });
}
