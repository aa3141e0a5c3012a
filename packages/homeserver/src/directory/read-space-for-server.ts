import type { JsonObject } from '@soma/protocol';

import type { Rooms } from '../rooms/rooms.ts';
import { readAt } from '../storage/database.ts';
import type { Reader } from '../storage/sql.ts';
import { readSpaceChildren } from './space-children.ts';
import { serverViewer, summariseRoom } from './summarise-room.ts';

/** Of the children of a space, those that one answer summarises; Synapse has the same. */
const CHILDREN_MAX = 50;

/**
 * A room and, for a space, its children, as far as users of the other server may come to see them (SS API,
 * `GET /hierarchy/{roomId}`); undefined where they may not.
 */
export function readSpaceForServer(
  rooms: Rooms,
  serverName: string,
  roomId: string,
  suggestedOnly: boolean,
): Promise<JsonObject | undefined> {
  const viewer = serverViewer(serverName);
  return readAt(rooms.database, async (reader) => {
    const room = await summariseRoom(rooms, reader, viewer, roomId);
    if (room === undefined) return undefined;
    const children = room.isSpace
      ? await readSpaceChildren(rooms, reader, roomId, suggestedOnly)
      : [];
    const accessible: JsonObject[] = [];
    const inaccessible: string[] = [];
    for (const child of children.slice(0, CHILDREN_MAX)) {
      const summary = await summariseRoom(rooms, reader, viewer, child.roomId);
      if (summary !== undefined) accessible.push(summary.json);
      else if (await isKnown(rooms, reader, child.roomId)) inaccessible.push(child.roomId);
    }
    return {
      room: { ...room.json, children_state: children.map(({ json }) => json) },
      children: accessible,
      inaccessible_children: inaccessible,
    };
  });
}

/** What this server knows nothing of, others may. */
async function isKnown(rooms: Rooms, reader: Reader, roomId: string): Promise<boolean> {
  const roomNid = await rooms.names.rooms.find(roomId);
  return roomNid !== undefined && (await rooms.versions.of(reader, roomNid)) !== undefined;
}
