import { query } from '../storage/sql.ts';
import type { Reader } from '../storage/sql.ts';
import { EdgeKind, EventFlag, UNACCEPTED_FLAGS } from './event-store.ts';

/** A query that finds nothing in a sound database, and what its rows mean. */
interface SoundnessQuery {
  readonly problem: string;
  readonly of: ReturnType<typeof query<{ subject: number | string }>>;
}

/** Rows shown of each kind of problem. */
const ROWS_MAX = 20;

function soundness(problem: string, text: string): SoundnessQuery {
  return { problem, of: query<{ subject: number | string }>(`${text} limit ${ROWS_MAX}`) };
}

/** What holds over whole tables (DATA-MODEL, Proof). */
const soundnessQueries: readonly SoundnessQuery[] = [
  soundness(
    'event whose ID is not interned as its own',
    `select e.event_nid as subject from events e
     left join event_ids i on i.event_id = e.event_id
     where i.event_nid is null or i.event_nid <> e.event_nid`,
  ),
  soundness(
    'edge from or to an event that is not there, and is no backward extremity',
    `select x.event_nid as subject from event_edges x
     left join events a on a.event_nid = x.event_nid
     left join events b on b.event_nid = x.to_event_nid and b.event_order is not null
     left join backward_extremities m
       on m.event_nid = x.to_event_nid and m.child_nid = x.event_nid
     where a.event_nid is null
       or (x.kind = ${EdgeKind.prev} and b.event_nid is null and m.event_nid is null)`,
  ),
  soundness(
    'auth event that is not there',
    `select x.event_nid as subject from event_edges x
     left join events b on b.event_nid = x.to_event_nid
     where x.kind = ${EdgeKind.auth} and b.event_nid is null`,
  ),
  soundness(
    'backward extremity that is there',
    `select m.event_nid as subject from backward_extremities m
     join events e on e.event_nid = m.event_nid where e.event_order is not null`,
  ),
  soundness(
    'backward extremity whose ID is not interned',
    `select m.event_nid as subject from backward_extremities m
     left join event_ids i on i.event_nid = m.event_nid where i.event_id is null`,
  ),
  soundness(
    'placed event without the state before it, or an outlier with a place',
    `select event_nid as subject from events
     where (event_order is null) <> (flags & ${EventFlag.outlier} <> 0)
       or (event_order is not null and state_before is null)`,
  ),
  soundness(
    'forward extremity that is unknown, an outlier, rejected or soft-failed',
    `select x.event_nid as subject from forward_extremities x
     left join events e on e.event_nid = x.event_nid
     where e.event_nid is null or (e.flags & ${UNACCEPTED_FLAGS}) <> 0`,
  ),
  // What came before an end may stand on it where it was filled in, or events stand on each other.
  soundness(
    'forward extremity that a later event refers to',
    `select x.event_nid as subject from forward_extremities x
     join events o on o.event_nid = x.event_nid
     join event_edges d on d.to_event_nid = x.event_nid and d.kind = ${EdgeKind.prev}
     join events e on e.event_nid = d.event_nid and e.event_order > o.event_order
     where (e.flags & ${UNACCEPTED_FLAGS}) = 0`,
  ),
  soundness(
    'order that two events share',
    `select event_order as subject from events where event_order is not null
     group by event_order having count(*) > 1`,
  ),
  soundness(
    'event order above the clock',
    `select event_nid as subject from events
     where event_order > (select position from clock where one = 1)`,
  ),
  soundness(
    'change above the clock',
    'select position as subject from changes where position > (select position from clock where one = 1)',
  ),
  soundness(
    'state change above the clock',
    `select position as subject from state_changes
     where position > (select position from clock where one = 1)`,
  ),
  soundness(
    'request of a device that made two events of one kind in one room',
    `select min(event_nid) as subject from events where transaction_id is not null
     group by device_nid, transaction_id, room_nid, type_nid, state_key_nid
     having count(*) > 1 and type_nid not in
       (select type_nid from event_types where type = 'm.room.redaction')`,
  ),
];

const roomNids = query<{ room_nid: number }>('select room_nid from room_heads order by room_nid');
const snapshotsOfRoom = query<{ snapshot_nid: number; hash: number }>(
  'select snapshot_nid, hash from snapshots where room_nid = ? order by snapshot_nid',
);
const eventCount = query<{ count: number }>('select count(*) as count from events');

/** A fault that is found over whole tables. */
export interface TableProblem {
  readonly problem: string;
  readonly subject: number | string;
}

export async function findTableProblems(reader: Reader): Promise<TableProblem[]> {
  const problems: TableProblem[] = [];
  for (const { problem, of } of soundnessQueries) {
    for (const { subject } of await reader.all(of)) problems.push({ problem, subject });
  }
  return problems;
}

export async function readRoomNids(reader: Reader): Promise<number[]> {
  return (await reader.all(roomNids)).map((row) => row.room_nid);
}

export function readSnapshotHashes(
  reader: Reader,
  roomNid: number,
): Promise<{ snapshot_nid: number; hash: number }[]> {
  return reader.all(snapshotsOfRoom, roomNid);
}

export async function readEventCount(reader: Reader): Promise<number> {
  return (await reader.get(eventCount))?.count ?? 0;
}
