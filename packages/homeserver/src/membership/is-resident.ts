import { readIsPartial } from '../rooms/partial-room-store.ts';
import type { Rooms } from '../rooms/rooms.ts';
import type { Reader } from '../storage/sql.ts';
import { readCounts } from './membership-store.ts';

/**
 * Whether this server takes part in the room, so that what it knows of it is true. It does not where its last user has
 * left and others have not: there the room goes on without it. A room that nobody is in stands still.
 */
export async function isResident(rooms: Rooms, reader: Reader, roomNid: number): Promise<boolean> {
  if ((await rooms.versions.of(reader, roomNid)) === undefined) return false;
  const { joined, localJoined } = await readCounts(reader, roomNid);
  // Of a room that was joined without its members nobody knows here whether it goes on.
  return localJoined > 0 || (joined === 0 && !(await readIsPartial(reader, roomNid)));
}
