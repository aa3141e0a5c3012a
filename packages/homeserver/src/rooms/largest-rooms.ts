import { readLargestRooms } from './room-media-store.ts';
import type { Rooms } from './rooms.ts';

export interface RoomSize {
  readonly roomId: string;
  readonly bytes: number;
}

const ROOMS_SHOWN = 10;

/** The rooms whose events are largest. Indexes and state are left out: no engine says which room they belong to. */
export async function largestRooms({ database }: Rooms): Promise<RoomSize[]> {
  const rows = await readLargestRooms(database.reader, ROOMS_SHOWN);
  return rows.map(({ room_id: roomId, bytes }) => ({ roomId, bytes }));
}
