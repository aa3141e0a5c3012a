import { integerList, query, statement } from '../storage/sql.ts';
import type { Reader, SqlParam, Statement } from '../storage/sql.ts';
import { followersOf } from './thread-store.ts';
import { UNTHREADED } from './thread.ts';
import type { ThreadPlace } from './thread.ts';

const move = query(
  `insert into read_positions (user_nid, room_nid, thread_nid, position) values (?, ?, ?, ?)
   on conflict (user_nid, room_nid, thread_nid) do update set position = excluded.position
   where excluded.position > read_positions.position`,
);
/** Of their senders who have a position in the room; (hops of the event, event, thread) */
const moveBySending = query(
  `${followersOf} insert into read_positions (user_nid, room_nid, thread_nid, position)
   select e.sender_nid, e.room_nid, cast(? as bigint), max(e.event_order)
   from followers f join events e on e.event_nid = f.event_nid
   join read_positions b
     on b.user_nid = e.sender_nid and b.room_nid = e.room_nid and b.thread_nid = ${UNTHREADED}
   where e.event_order > 0 group by e.sender_nid, e.room_nid
   on conflict (user_nid, room_nid, thread_nid) do update set position = excluded.position
   where excluded.position > read_positions.position`,
);
const forgetThreads = query(
  `delete from read_positions
   where user_nid = ? and room_nid = ? and thread_nid > ${UNTHREADED} and position <= ?`,
);
const inRooms = query<{ room_nid: number; thread_nid: number; position: number }>(
  `select room_nid, thread_nid, position from read_positions where user_nid = ? and room_nid {in}`,
);

/** How far a user has read in one room. */
export interface ReadPositions {
  /** Up to here everything is read: by an unthreaded receipt, or since the user joined only later. */
  readonly unthreaded: number;
  /** By thread, the main timeline included; those not above `unthreaded` may be absent. */
  readonly threads: ReadonlyMap<number, number>;
}

/** Moves a position forward, never back (CS API, "Marking notifications as read"). */
export function moveReadPositionStatements(
  userNid: number,
  roomNid: number,
  threadNid: number,
  position: SqlParam,
): Statement[] {
  const moved = statement(move, userNid, roomNid, threadNid, position);
  if (threadNid !== UNTHREADED) return [moved];
  return [moved, statement(forgetThreads, userNid, roomNid, position)];
}

/** Who has sent what comes into a thread with this event has read the thread up to there. */
export function readBySendingStatement(
  eventNid: number,
  { threadNid, hops }: ThreadPlace,
): Statement {
  return statement(moveBySending, hops, eventNid, threadNid);
}

/** By room. A room that the user has never joined is absent. */
export async function readReadPositions(
  reader: Reader,
  userNid: number,
  roomNids: readonly number[],
): Promise<Map<number, ReadPositions>> {
  const found = new Map<number, { unthreaded: number; threads: Map<number, number> }>();
  for (const row of await reader.all(inRooms, userNid, integerList(roomNids))) {
    let room = found.get(row.room_nid);
    if (room === undefined) {
      room = { unthreaded: 0, threads: new Map() };
      found.set(row.room_nid, room);
    }
    if (row.thread_nid === UNTHREADED) room.unthreaded = row.position;
    else room.threads.set(row.thread_nid, row.position);
  }
  return found;
}
