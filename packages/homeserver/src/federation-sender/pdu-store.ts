import { roomVersion } from '@soma/protocol';

import { readPrevNids } from '../rooms/edge-store.ts';
import { UNACCEPTED_FLAGS } from '../rooms/event-store.ts';
import { pduJson } from '../rooms/pdu-json.ts';
import { unescapeText } from '../storage/escape-text.ts';
import { integerList, query } from '../storage/sql.ts';
import type { Reader } from '../storage/sql.ts';
import { endsToldMax } from './limits.ts';
import type { OutboxRoom } from './outbox-rooms-store.ts';

/** An event as it goes to other servers. */
export interface OutgoingPdu {
  readonly eventNid: number;
  readonly eventId: string;
  /** Canonical JSON. */
  readonly text: string;
}

/** So far back it is looked for the ends that a room had. */
const EVENTS_LOOKED_AT = 100;

interface PduRow {
  readonly event_nid: number;
  readonly event_id: string;
  readonly flags: number;
  readonly json: string;
  readonly version: string;
}

const byNids = query<PduRow>(
  `select e.event_nid, e.event_id, e.flags, e.json, v.version
   from events e join room_versions v on v.room_nid = e.room_nid where e.event_nid {in}`,
);
/** (room, above, up to, limit), oldest first, without what the room's members do not get either. */
const ofRoom = query<OutboundRow>(
  `select e.event_nid, e.event_order, e.state_key_nid, e.state_before, u.user_id as sender,
     r.is_sent, r.except_server
   from events e join users u on u.user_nid = e.sender_nid
   left join event_relays r on r.event_nid = e.event_nid
   where e.room_nid = ? and e.event_order > ? and e.event_order <= ?
     and (e.flags & ${UNACCEPTED_FLAGS}) = 0
   order by e.event_order limit ?`,
);
const roomId = query<{ room_id: string }>('select room_id from rooms where room_nid = ?');
const atOrder = query<{ event_nid: number }>(
  'select event_nid from events where room_nid = ? and event_order = ?',
);
/** (room, above) */
const newEnds = query<{ event_nid: number }>(
  `select x.event_nid from forward_extremities x join events e on e.event_nid = x.event_nid
   where x.room_nid = ? and e.event_order > ? order by e.event_order desc`,
);

/** (room, up to, limit), newest first */
const newestUpTo = query<{ event_nid: number }>(
  `select event_nid from events
   where room_nid = ? and event_order > 0 and event_order <= ? and (flags & ${UNACCEPTED_FLAGS}) = 0
   order by event_order desc limit ?`,
);

/** An event of a room that may have to be sent. */
export interface OutboundRow {
  readonly event_nid: number;
  readonly event_order: number;
  readonly state_key_nid: number | null;
  readonly state_before: number | null;
  readonly sender: string;
  /** What was said of it in particular; see `event-relay-store.ts`. */
  readonly is_sent: number | null;
  readonly except_server: string | null;
}

export function readOutboundEvents(
  reader: Reader,
  roomNid: number,
  above: number,
  upTo: number,
  limit: number,
): Promise<OutboundRow[]> {
  return reader.all(ofRoom, roomNid, above, upTo, limit);
}

/** The ID of a room, for who reads within a transaction. */
export async function readRoomId(reader: Reader, roomNid: number): Promise<string> {
  const row = await reader.get(roomId, roomNid);
  if (row === undefined) throw new Error(`no room has the nid ${roomNid}`);
  return unescapeText(row.room_id);
}

/** The events, in the order of the nids; those that are gone are left out. */
export async function readPdus(
  reader: Reader,
  eventNids: readonly number[],
): Promise<OutgoingPdu[]> {
  if (eventNids.length === 0) return [];
  const rows = new Map<number, PduRow>();
  for (const row of await reader.all(byNids, integerList(eventNids))) rows.set(row.event_nid, row);
  return eventNids.flatMap((eventNid) => {
    const row = rows.get(eventNid);
    if (row === undefined) return [];
    const version = roomVersion(row.version);
    if (version === undefined) throw new Error(`there is no room version ${row.version}`);
    return { eventNid, eventId: unescapeText(row.event_id), text: pduJson(row, version) };
  });
}

/**
 * By what a server that was away learns of everything in the room: its ends, from which it asks back; newest first. One
 * that is no longer in the room gets the ends as they were when the last event came that it was to get.
 */
export async function readNewest(
  reader: Reader,
  { roomNid, lastOrder }: OutboxRoom,
  sentPosition: number,
  isInRoom: boolean,
): Promise<number[]> {
  if (!isInRoom) return readEndsAt(reader, roomNid, lastOrder);
  const ends = await reader.all(newEnds, roomNid, sentPosition);
  const rows = ends.length > 0 ? ends : await reader.all(atOrder, roomNid, lastOrder);
  return rows.map((row) => row.event_nid);
}

/**
 * The room's ends as they were when the event at this order had come, newest first. What has put a server out of the room
 * stands on them: from the event alone, and what it knows of itself, it would not see why.
 */
export async function readEndsAt(
  reader: Reader,
  roomNid: number,
  order: number,
): Promise<number[]> {
  const rows = await reader.all(newestUpTo, roomNid, order, EVENTS_LOOKED_AT);
  const nids = rows.map((row) => row.event_nid);
  const followed = new Set([...(await readPrevNids(reader, nids)).values()].flat());
  return nids.filter((nid) => !followed.has(nid)).slice(0, endsToldMax);
}
