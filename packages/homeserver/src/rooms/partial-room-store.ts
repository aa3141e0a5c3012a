import type { Guard } from '../storage/change.ts';
import { escapeText, unescapeText } from '../storage/escape-text.ts';
import { query, statement } from '../storage/sql.ts';
import type { Reader, SqlParam, Statement } from '../storage/sql.ts';
import { EventFlag } from './event-store.ts';
import type { PartialHead } from './room-head.ts';

/** A room that was joined without its members, which are still being learned. */
export interface PartialRoom {
  readonly roomNid: number;
  readonly joinEventNid: number;
  /** The server that answered the join. */
  readonly resident: string;
  /** The servers that it named as being in the room. */
  readonly serversInRoom: readonly string[];
  /** The position of the join. */
  readonly position: number;
  /** Changes of device lists above it may have missed servers that were not known. */
  readonly deviceListPosition: number;
}

interface PartialRow {
  readonly room_nid: number;
  readonly join_event_nid: number;
  readonly resident: string;
  readonly servers_in_room: string;
  readonly position: number;
  readonly device_list_position: number;
}

const columns =
  'room_nid, join_event_nid, resident, servers_in_room, position, device_list_position';

const one = query<PartialRow>(`select ${columns} from partial_rooms where room_nid = ?`);
const all = query<PartialRow>(`select ${columns} from partial_rooms order by position`);
const nids = query<{ room_nid: number }>('select room_nid from partial_rooms');
const head = query<{ state_before: number | null; position: number }>(
  `select e.state_before, p.position from partial_rooms p
   join events e on e.event_nid = p.join_event_nid where p.room_nid = ?`,
);
const put = query(
  `insert into partial_rooms (room_nid, join_event_nid, resident, servers_in_room, position,
     device_list_position)
   values (?, ?, ?, ?, ?, ?)
   on conflict (room_nid) do update set join_event_nid = excluded.join_event_nid,
     resident = excluded.resident, servers_in_room = excluded.servers_in_room,
     position = excluded.position, device_list_position = excluded.device_list_position`,
);
const end = query('delete from partial_rooms where room_nid = ?');
const sameJoin = query(
  'select room_nid from partial_rooms where room_nid = ? and join_event_nid = ?',
);
const putWhole = query(
  `insert into whole_rooms (room_nid, position) values (?, ?)
   on conflict (room_nid) do update set position = excluded.position`,
);
const endWhole = query('delete from whole_rooms where room_nid = ?');
const wholeAbove = query<{ room_nid: number; position: number }>(
  'select room_nid, position from whole_rooms where position > ?',
);
/** (room, from order, above order, limit) */
const eventsToRecheck = query<PartialEventRow>(
  `select event_nid, event_order, event_id, state_key_nid, flags, json from events
   where room_nid = ? and event_order > ? and flags & ${EventFlag.partialState} <> 0
   order by event_order limit ?`,
);

/** An event that was checked against partial state only. */
export interface PartialEventRow {
  readonly event_nid: number;
  readonly event_order: number;
  readonly event_id: string;
  readonly state_key_nid: number | null;
  readonly flags: number;
  readonly json: string;
}

/** Whether the members of a room are still being learned after a join. */
export async function readIsPartial(reader: Reader, roomNid: number): Promise<boolean> {
  return (await reader.get(one, roomNid)) !== undefined;
}

export async function readPartialRoom(
  reader: Reader,
  roomNid: number,
): Promise<PartialRoom | undefined> {
  const row = await reader.get(one, roomNid);
  return row === undefined ? undefined : toPartialRoom(row);
}

/** Those that were joined first come first. */
export async function readPartialRooms(reader: Reader): Promise<PartialRoom[]> {
  return (await reader.all(all)).map(toPartialRoom);
}

export async function readPartialRoomNids(reader: Reader): Promise<number[]> {
  return (await reader.all(nids)).map((row) => row.room_nid);
}

export async function readPartialHead(
  reader: Reader,
  roomNid: number,
): Promise<PartialHead | undefined> {
  const row = await reader.get(head, roomNid);
  if (row === undefined || row.state_before === null) return undefined;
  return { rootNid: row.state_before, position: row.position };
}

/** Events of the room above an order that are to be checked again, oldest first. */
export function readEventsToRecheck(
  reader: Reader,
  roomNid: number,
  above: number,
  countMax: number,
): Promise<PartialEventRow[]> {
  return reader.all(eventsToRecheck, roomNid, above, countMax);
}

/** The room is known in part from here on. */
export function putPartialRoomStatements(
  room: Omit<PartialRoom, 'position' | 'deviceListPosition'>,
  position: SqlParam,
): Statement[] {
  const servers = JSON.stringify(room.serversInRoom);
  return [
    statement(endWhole, room.roomNid),
    statement(
      put,
      room.roomNid,
      room.joinEventNid,
      escapeText(room.resident),
      servers,
      position,
      position,
    ),
  ];
}

/** The room is no longer known in part, for whatever reason. */
export function endPartialRoomStatement(roomNid: number): Statement {
  return statement(end, roomNid);
}

/** All of the room is known from a position on. */
export function putWholeRoomStatement(roomNid: number, position: SqlParam): Statement {
  return statement(putWhole, roomNid, position);
}

/** Holds while it is this join after which the members are being learned. */
export function sameJoinGuard(name: string, roomNid: number, joinEventNid: number): Guard {
  return { name, expect: 'exists', check: statement(sameJoin, roomNid, joinEventNid) };
}

/** Rooms that came to be known as a whole above a position: room nid → since when. */
export async function readWholeSince(reader: Reader, above: number): Promise<Map<number, number>> {
  const rows = await reader.all(wholeAbove, above);
  return new Map(rows.map((row) => [row.room_nid, row.position]));
}

function toPartialRoom(row: PartialRow): PartialRoom {
  const servers: unknown = JSON.parse(row.servers_in_room);
  return {
    roomNid: row.room_nid,
    joinEventNid: row.join_event_nid,
    resident: unescapeText(row.resident),
    serversInRoom: Array.isArray(servers) ? servers.filter((name) => typeof name === 'string') : [],
    position: row.position,
    deviceListPosition: row.device_list_position,
  };
}
