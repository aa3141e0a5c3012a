import { prevEventIds } from '@soma/protocol';
import type { Pdu } from '@soma/protocol';

import { escapeText } from '../storage/escape-text.ts';
import { query, textList } from '../storage/sql.ts';
import type { Reader } from '../storage/sql.ts';
import { EventFlag, UNACCEPTED_FLAGS } from './event-store.ts';
import { readEventNids } from './graph-store.ts';

/** An event that is not there, and the place of one that follows it. */
export interface Gap {
  readonly missingNid: number;
  readonly missingId: string;
  /** Of the event that follows. */
  readonly depth: number;
  readonly order: number;
  readonly originServerTs: number;
}

/** (room, from depth, to depth, limit), the newest first */
const gaps = query<{
  event_nid: number;
  json: string;
  depth: number;
  event_order: number;
  origin_server_ts: number;
}>(
  `select b.event_nid, c.json, c.depth, c.event_order, c.origin_server_ts
   from backward_extremities b
   join events c on c.event_nid = b.child_nid and c.event_order is not null
   where b.room_nid = ? and c.depth >= ? and c.depth <= ?
   order by c.depth desc, c.event_order desc limit ?`,
);

/** Where the history of a room that this server has is torn, between two depths. */
export async function readGaps(
  reader: Reader,
  roomNid: number,
  from: number,
  to: number,
  limit: number,
): Promise<Gap[]> {
  const rows = await reader.all(gaps, roomNid, from, to, limit);
  const ids = await readPrevIds(reader, rows);
  return rows.flatMap((row) => {
    const missingId = ids.get(row.event_nid);
    if (missingId === undefined) return [];
    return {
      missingNid: row.event_nid,
      missingId,
      depth: row.depth,
      order: row.event_order,
      originServerTs: row.origin_server_ts,
    };
  });
}

/** The IDs of what these events stand on, by nid: there is no way from the nid of an event that is not there to its ID. */
async function readPrevIds(
  reader: Reader,
  rows: readonly { readonly json: string }[],
): Promise<Map<number, string>> {
  const eventIds = rows.flatMap(({ json }) => {
    const pdu: Pdu = JSON.parse(json);
    return prevEventIds(pdu);
  });
  if (eventIds.length === 0) return new Map();
  const nids = await readEventNids(reader, eventIds);
  return new Map([...nids].map(([eventId, nid]) => [nid, eventId]));
}

/** (room, limit) */
const outliersInGaps = query<{ json: string }>(
  `select o.json from backward_extremities b
   join events c on c.event_nid = b.child_nid and (c.flags & ${UNACCEPTED_FLAGS}) = 0
   join events o on o.event_nid = b.event_nid
   where b.room_nid = ? and (o.flags & ${EventFlag.outlier}) <> 0 limit ?`,
);
const outliers = query<{ json: string }>(
  `select e.json from event_ids i join events e on e.event_nid = i.event_nid
   where i.event_id {in_texts} and (e.flags & ${EventFlag.outlier}) <> 0`,
);

/** JSON texts of events without a place in the room on which accepted ones stand. */
export async function readOutliersInGaps(
  reader: Reader,
  roomNid: number,
  limit: number,
): Promise<string[]> {
  return (await reader.all(outliersInGaps, roomNid, limit)).map((row) => row.json);
}

/** JSON texts of those of these events that are known without a place in their room. */
export async function readOutliers(reader: Reader, eventIds: readonly string[]): Promise<string[]> {
  if (eventIds.length === 0) return [];
  const rows = await reader.all(outliers, textList(eventIds.map(escapeText)));
  return rows.map((row) => row.json);
}

const tornRooms = query<{ room_nid: number }>('select distinct room_nid from backward_extremities');
/** (room, above, up to) */
const lastGap = query<{ event_order: number | null }>(
  `select max(c.event_order) as event_order from backward_extremities b
   join events c on c.event_nid = b.child_nid
   where b.room_nid = ? and c.event_order > ? and c.event_order <= ?`,
);

export async function readTornRooms(reader: Reader): Promise<number[]> {
  return (await reader.all(tornRooms)).map((row) => row.room_nid);
}

/** The order of the last event in (`above`, `upTo`] before which something is missing. */
export async function readLastGap(
  reader: Reader,
  roomNid: number,
  above: number,
  upTo: number,
): Promise<number | undefined> {
  return (await reader.get(lastGap, roomNid, above, upTo))?.event_order ?? undefined;
}
