import { unescapeText } from '../storage/escape-text.ts';
import { query } from '../storage/sql.ts';
import type { Reader } from '../storage/sql.ts';

interface EventText {
  readonly event_order: number;
  readonly json: string;
}

const withMedia = query<EventText>(
  `select event_order, json from events
   where room_nid = ? and event_order > ? and json like '%mxc://%'
   order by event_order limit ?`,
);
/** The current picture of each room, by the keys of the table. */
const avatars = query<{ json: string }>(
  `select e.json from rooms r
   join current_state c on c.room_nid = r.room_nid and c.type_nid = ? and c.state_key_nid = ?
   join events e on e.event_nid = c.event_nid`,
);
const roomIds = query<{ room_id: string }>('select room_id from rooms order by room_nid');
const largest = query<{ room_id: string; bytes: number }>(
  `select r.room_id, s.bytes from (
     select room_nid, cast(sum(octet_length(json)) as bigint) as bytes from events
     group by room_nid order by bytes desc limit ?
   ) s join rooms r on r.room_nid = s.room_nid order by s.bytes desc`,
);

/** Events of a room that mention media, oldest first, after that order. */
export function readEventsWithMedia(
  reader: Reader,
  roomNid: number,
  afterOrder: number,
  limit: number,
): Promise<EventText[]> {
  return reader.all(withMedia, roomNid, afterOrder, limit);
}

export async function readAvatarEvents(
  reader: Reader,
  typeNid: number,
  stateKeyNid: number,
): Promise<string[]> {
  return (await reader.all(avatars, typeNid, stateKeyNid)).map(({ json }) => json);
}

export async function readLargestRooms(
  reader: Reader,
  limit: number,
): Promise<{ room_id: string; bytes: number }[]> {
  const rows = await reader.all(largest, limit);
  return rows.map(({ room_id: roomId, bytes }) => ({ room_id: unescapeText(roomId), bytes }));
}

export async function readRoomIds(reader: Reader): Promise<string[]> {
  return (await reader.all(roomIds)).map(({ room_id: roomId }) => unescapeText(roomId));
}
