import { query } from '../storage/sql.ts';
import type { Reader } from '../storage/sql.ts';

/** An end of a room, as it is told to administrators. */
export interface ForwardExtremity {
  readonly eventNid: number;
  readonly eventId: string;
  readonly depth: number;
  /** The snapshot after it. */
  readonly stateAfter: number;
}

interface ExtremityRow {
  readonly event_nid: number;
  readonly event_id: string;
  readonly depth: number;
  readonly state_after: number;
}

const newestFirst = query<ExtremityRow>(
  `select e.event_nid, e.event_id, e.depth, coalesce(e.state_after, e.state_before) as state_after
   from forward_extremities x join events e on e.event_nid = x.event_nid
   where x.room_nid = ? order by e.event_order desc, e.event_nid desc`,
);

const roomsWithMany = query<{ room_nid: number }>(
  'select room_nid from forward_extremities group by room_nid having count(*) > ?',
);

/** The rooms that have more ends than so many. */
export async function readRoomsWithManyEnds(reader: Reader, endsMax: number): Promise<number[]> {
  return (await reader.all(roomsWithMany, endsMax)).map(({ room_nid: roomNid }) => roomNid);
}

/** A room's ends, newest first. */
export async function readForwardExtremities(
  reader: Reader,
  roomNid: number,
): Promise<ForwardExtremity[]> {
  const rows = await reader.all(newestFirst, roomNid);
  return rows.map((row) => ({
    eventNid: row.event_nid,
    eventId: row.event_id,
    depth: row.depth,
    stateAfter: row.state_after,
  }));
}
