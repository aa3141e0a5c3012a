import { query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

/** The last event of a room that a destination is to get. */
export interface OutboxRoom {
  readonly roomNid: number;
  readonly lastOrder: number;
}

const know = query(
  `insert into outbox_destinations (server_name, sent_position) values (?, 0)
   on conflict (server_name) do nothing`,
);
const note = query(
  `insert into outbox_rooms (server_name, room_nid, last_order) values (?, ?, ?)
   on conflict (server_name, room_nid) do update set last_order = excluded.last_order`,
);
const setSent = query(
  'update outbox_destinations set sent_position = ? where server_name = ? and sent_position < ?',
);
const behind = query<{ room_nid: number; last_order: number; sent_position: number }>(
  `select r.room_nid, r.last_order, d.sent_position from outbox_destinations d
   join outbox_rooms r on r.server_name = d.server_name and r.last_order > d.sent_position
   where d.server_name = ? order by r.last_order limit ?`,
);
const isPending = `(exists (select 1 from outbox_rooms r
     where r.server_name = d.server_name and r.last_order > d.sent_position)
   or exists (select 1 from outbox_edus e where e.server_name = d.server_name))`;
const pending = query<{ server_name: string }>(
  `select d.server_name from outbox_destinations d
   where d.server_name > ? and ${isPending} order by d.server_name limit ?`,
);
const due = query<{ server_name: string }>(
  `select d.server_name from destinations f
   join outbox_destinations d on d.server_name = f.server_name
   where f.last_tried_ts + f.retry_interval_ms <= ? and ${isPending}
   order by f.last_tried_ts + f.retry_interval_ms limit ?`,
);

/** Makes sure that the destination has a row, without which nothing is sent to it. */
export function knowDestinationStatement(serverName: string): Statement {
  return statement(know, serverName);
}

/** Says that the destination is to get the room's events up to this one. */
export function noteRoomStatement(
  serverName: string,
  roomNid: number,
  lastOrder: number,
): Statement {
  return statement(note, serverName, roomNid, lastOrder);
}

/** Says that the destination has got all events that it was to get, up to this position. */
export function sentUpToStatement(serverName: string, position: number): Statement {
  return statement(setSent, position, serverName, position);
}

/**
 * Up to `limit` rooms of which the destination has not got everything, those that it waits for longest first, and the
 * position up to which it has.
 */
export async function readRoomsBehind(
  reader: Reader,
  serverName: string,
  limit: number,
): Promise<{ readonly rooms: readonly OutboxRoom[]; readonly sentPosition: number }> {
  const rows = await reader.all(behind, serverName, limit);
  return {
    rooms: rows.map((row) => ({ roomNid: row.room_nid, lastOrder: row.last_order })),
    sentPosition: rows[0]?.sent_position ?? 0,
  };
}

/** Up to `limit` destinations with a name after this one that have something to get. */
export async function readPendingDestinations(
  reader: Reader,
  afterName: string,
  limit: number,
): Promise<string[]> {
  return (await reader.all(pending, afterName, limit)).map((row) => row.server_name);
}

/** Those of them that failed, and may be asked again by now; longest ago first. */
export async function readDueDestinations(
  reader: Reader,
  nowMs: number,
  limit: number,
): Promise<string[]> {
  return (await reader.all(due, nowMs, limit)).map((row) => row.server_name);
}
