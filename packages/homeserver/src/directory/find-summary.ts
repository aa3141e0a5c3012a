import type { Rooms } from '../rooms/rooms.ts';
import { readAt } from '../storage/database.ts';
import type { RemoteSpaces } from './remote-spaces.ts';
import { maySeeRemote, summariseRoom, userViewer } from './summarise-room.ts';
import type { RoomSummary } from './summarise-room.ts';

/** A room as a user may see it, from another server where this one does not know it (CS API, `GET /room_summary`). */
export async function findSummary(
  rooms: Rooms,
  remote: RemoteSpaces,
  userId: string,
  roomId: string,
  via: readonly string[],
): Promise<RoomSummary | undefined> {
  const viewer = userViewer(rooms, userId);
  const { database } = rooms;
  const own = await readAt(database, (reader) => summariseRoom(rooms, reader, viewer, roomId));
  if (own !== undefined) return own;
  const { summary: json } = (await remote.find(roomId, via)) ?? {};
  if (json === undefined) return undefined;
  const isSeen = await readAt(database, (reader) => maySeeRemote(rooms, reader, viewer, json));
  if (!isSeen) return undefined;
  return { json, isSpace: json['room_type'] === 'm.space', membership: undefined };
}
