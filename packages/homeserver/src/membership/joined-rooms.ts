import type { Rooms } from '../rooms/rooms.ts';
import { readMembershipsOfUser } from './membership-store.ts';

/** The IDs of the rooms that the user is in. */
export async function joinedRooms(rooms: Rooms, userNid: number): Promise<string[]> {
  const records = await readMembershipsOfUser(rooms.database.reader, userNid);
  const joined = records.filter(({ membership }) => membership === 'join');
  return Promise.all(joined.map(({ roomNid }) => rooms.names.rooms.text(roomNid)));
}
