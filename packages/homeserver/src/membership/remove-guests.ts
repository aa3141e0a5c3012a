import { readGuests } from '../accounts/account-store.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { changeMembership } from './change-membership.ts';
import { readMembersOfRoom } from './membership-store.ts';

/** Takes this server's guests out of a room that no longer lets them in (Client-server API, "Guest access"). */
export async function removeGuests(rooms: Rooms, roomId: string): Promise<void> {
  const { database, names } = rooms;
  const roomNid = await names.rooms.find(roomId);
  if (roomNid === undefined) return;
  const members = await readMembersOfRoom(database.reader, roomNid, 'join');
  const guests = await readGuests(
    database.reader,
    members.map(({ userNid }) => userNid),
  );
  for (const userNid of guests) {
    const userId = await names.users.text(userNid);
    await changeMembership(rooms, { roomNid, sender: userId, target: userId, action: 'leave' });
  }
}
