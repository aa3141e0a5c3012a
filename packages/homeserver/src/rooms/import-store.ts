import { integerList, query, rowStatements, rowsQuery, statement } from '../storage/sql.ts';
import type { SqlParam, Statement } from '../storage/sql.ts';

/** A state that came as a whole is copied by the database itself: its rows pass no other way than once, in batches. */

const insertDeltas = rowsQuery(
  'insert into snapshot_deltas (snapshot_nid, state_key_nid, event_nid)',
  '(?, ?, ?)',
);
const insertSnapshot = query(
  `insert into snapshots (snapshot_nid, room_nid, lineage, lineage_index, ancestor_nid, hash)
   values (?, ?, ?, ?, null, ?)`,
);
/** (room, position, snapshot, state keys). */
const insertAdded = query(
  `insert into state_changes (room_nid, position, state_key_nid, old_event_nid, new_event_nid)
   select cast(? as bigint), cast(? as bigint), d.state_key_nid, c.event_nid, d.event_nid
   from snapshot_deltas d
   join events e on e.event_nid = d.event_nid
   left join current_state c on c.room_nid = e.room_nid and c.type_nid = e.type_nid
     and c.state_key_nid = d.state_key_nid
   where d.snapshot_nid = ? and not (d.state_key_nid {in})
     and (c.event_nid is null or c.event_nid <> d.event_nid)`,
);
/** (position, room, state keys, snapshot). */
const insertRemoved = query(
  `insert into state_changes (room_nid, position, state_key_nid, old_event_nid, new_event_nid)
   select c.room_nid, cast(? as bigint), c.state_key_nid, c.event_nid, null
   from current_state c
   where c.room_nid = ? and not (c.state_key_nid {in}) and not exists (
     select 1 from snapshot_deltas d where d.snapshot_nid = ? and d.state_key_nid = c.state_key_nid)`,
);
const deleteCurrent = query(
  'delete from current_state where room_nid = ? and not (state_key_nid {in})',
);
const copyCurrent = query(
  `insert into current_state (room_nid, type_nid, state_key_nid, event_nid)
   select e.room_nid, e.type_nid, d.state_key_nid, d.event_nid
   from snapshot_deltas d join events e on e.event_nid = d.event_nid
   where d.snapshot_nid = ? and not (d.state_key_nid {in})`,
);
const insertVersion = query(
  `insert into room_versions (room_nid, version, create_event_nid) values (?, ?, ?)
   on conflict do nothing`,
);
const deleteExtremities = query('delete from forward_extremities where room_nid = ?');

/** Entries of a snapshot that holds a whole state; the snapshot itself comes last. */
export function deltaStatements(
  snapshotNid: number,
  pairs: readonly (readonly [stateKeyNid: number, eventNid: number])[],
): Statement[] {
  return rowStatements(
    insertDeltas,
    pairs.map((pair) => [snapshotNid, ...pair]),
  );
}

export function wholeSnapshotStatement(
  roomNid: number,
  snapshotNid: number,
  index: number,
  hash: number,
): Statement {
  return statement(insertSnapshot, snapshotNid, roomNid, snapshotNid, index, hash);
}

/**
 * Makes the state of such a snapshot the current one and writes down what that changes; all but some entries, which the
 * caller writes.
 */
export function becomeCurrentStatements(
  roomNid: number,
  snapshotNid: number,
  exceptStateKeyNids: readonly number[],
  position: SqlParam,
): Statement[] {
  const except = integerList(exceptStateKeyNids);
  return [
    statement(insertAdded, roomNid, position, snapshotNid, except),
    statement(insertRemoved, position, roomNid, except, snapshotNid),
    statement(deleteCurrent, roomNid, except),
    statement(copyCurrent, snapshotNid, except),
  ];
}

export function importedRoomStatements(
  roomNid: number,
  version: string,
  createEventNid: number,
): Statement[] {
  return [
    statement(insertVersion, roomNid, version, createEventNid),
    statement(deleteExtremities, roomNid),
  ];
}
