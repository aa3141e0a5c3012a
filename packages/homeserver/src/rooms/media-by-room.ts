import { OWN, readMedia } from '../media/media-store.ts';
import type { Usage } from '../media/report-store.ts';
import { mediaInRoom } from './media-in-room.ts';
import { readRoomIds } from './room-media-store.ts';
import type { Rooms } from './rooms.ts';

/** How much of what is stored here each room names; media that two rooms name counts in both. */
export async function mediaByRoom(
  rooms: Pick<Rooms, 'database' | 'names' | 'serverName'>,
): Promise<Usage[]> {
  const { reader } = rooms.database;
  const usages: Usage[] = [];
  for (const roomId of await readRoomIds(reader)) {
    let count = 0;
    let bytes = 0;
    for (const { serverName, mediaId } of await mediaInRoom(rooms, roomId)) {
      const origin = serverName === rooms.serverName ? OWN : serverName;
      const media = await readMedia(reader, origin, mediaId);
      if (media?.content === undefined) continue;
      count += 1;
      bytes += media.content.bytes;
    }
    if (count > 0) usages.push({ name: roomId, count, bytes });
  }
  return usages;
}
