import { integerList, query, statement } from '../storage/sql.ts';
import type { Reader, SqlParam, Statement } from '../storage/sql.ts';

/** One node of the delta chain that a snapshot is read along (DATA-MODEL, State). */
export interface SnapshotNode {
  readonly nid: number;
  readonly index: number;
}

/**
 * A state of a room by reference. `path` are the nodes whose deltas make it, oldest first; the last is the
 * snapshot itself, and the empty path is the state before the create event.
 */
export interface Snapshot {
  readonly nid: number;
  readonly lineage: number;
  readonly path: readonly SnapshotNode[];
  /** Keyed additive hash of the state's (state key, event) pairs, below 2^48. */
  readonly hash: number;
}

export const EMPTY_SNAPSHOT: Snapshot = { nid: 0, lineage: 0, path: [], hash: 0 };

interface StateRow {
  readonly state_key_nid: number;
  readonly event_nid: number;
}

const insertSnapshot = query(
  `insert into snapshots (snapshot_nid, room_nid, lineage, lineage_index, ancestor_nid, hash)
   values (?, ?, ?, ?, ?, ?)`,
);
const copyDelta = query(
  `insert into snapshot_deltas (snapshot_nid, state_key_nid, event_nid)
   select cast(? as bigint), state_key_nid, event_nid from snapshot_deltas where snapshot_nid = ?
   on conflict (snapshot_nid, state_key_nid) do update set event_nid = excluded.event_nid`,
);
const putDelta = query(
  `insert into snapshot_deltas (snapshot_nid, state_key_nid, event_nid) values (?, ?, ?)
   on conflict (snapshot_nid, state_key_nid) do update set event_nid = excluded.event_nid`,
);
const putCurrent = query(
  `insert into current_state (room_nid, type_nid, state_key_nid, event_nid) values (?, ?, ?, ?)
   on conflict (room_nid, type_nid, state_key_nid) do update set event_nid = excluded.event_nid`,
);
const deleteCurrent = query(
  'delete from current_state where room_nid = ? and type_nid = ? and state_key_nid = ?',
);
const insertStateChange = query(
  `insert into state_changes (room_nid, position, state_key_nid, old_event_nid, new_event_nid)
   values (?, ?, ?, ?, ?)`,
);
const putHead = query(
  `insert into room_heads (room_nid, snapshot_nid) values (?, ?)
   on conflict (room_nid) do update set snapshot_nid = excluded.snapshot_nid`,
);
const insertRoomVersion = query(
  'insert into room_versions (room_nid, version, create_event_nid) values (?, ?, ?)',
);

const chain = `with recursive chain (snapshot_nid, lineage, lineage_index, ancestor_nid, hash) as (
    select snapshot_nid, lineage, lineage_index, ancestor_nid, hash from snapshots where snapshot_nid = ?
    union all
    select s.snapshot_nid, s.lineage, s.lineage_index, s.ancestor_nid, s.hash
    from snapshots s join chain c on s.snapshot_nid = c.ancestor_nid
  )`;
const readChain = query<{
  snapshot_nid: number;
  lineage: number;
  lineage_index: number;
  hash: number;
}>(`${chain} select snapshot_nid, lineage, lineage_index, hash from chain order by lineage_index`);
/** `cross` makes SQLite, which knows no statistics, walk the chain: it would else look through all deltas there are. */
const readChainState = query<{ state_key_nid: number; event_nid: number | null }>(
  `${chain} select d.state_key_nid, d.event_nid
   from chain c cross join snapshot_deltas d where d.snapshot_nid = c.snapshot_nid
   order by c.lineage_index`,
);
const readChainKey = query<{ event_nid: number | null }>(
  `${chain} select d.event_nid
   from chain c cross join snapshot_deltas d
   where d.snapshot_nid = c.snapshot_nid and d.state_key_nid = ?
   order by c.lineage_index desc limit 1`,
);
const readCurrent = query<StateRow>(
  'select state_key_nid, event_nid from current_state where room_nid = ?',
);
/** All but one type: (room, type, room, type); two ranges of the primary key. */
const readCurrentWithout = query<StateRow>(
  `select state_key_nid, event_nid from current_state where room_nid = ? and type_nid < ?
   union all
   select state_key_nid, event_nid from current_state where room_nid = ? and type_nid > ?`,
);
const readCurrentType = query<StateRow>(
  'select state_key_nid, event_nid from current_state where room_nid = ? and type_nid = ?',
);
const readCurrentKey = query<{ event_nid: number }>(
  'select event_nid from current_state where room_nid = ? and type_nid = ? and state_key_nid = ?',
);
const readCurrentKeys = query<StateRow>(
  `select state_key_nid, event_nid from current_state
   where room_nid = ? and type_nid = ? and state_key_nid {in}`,
);
const readCurrentEntriesOf = query<StateRow>(
  `select state_key_nid, event_nid from current_state
   where room_nid = ? and type_nid {in} and state_key_nid {in}`,
);
const readRoom = query<{ version: string; create_event_nid: number }>(
  'select version, create_event_nid from room_versions where room_nid = ?',
);
const readHead = query<{ snapshot_nid: number }>(
  'select snapshot_nid from room_heads where room_nid = ?',
);
const readExtremities = query<ExtremityRow>(
  `select x.event_nid, e.event_id, e.depth, coalesce(e.state_after, e.state_before) as state_after
   from forward_extremities x
   join events e on e.event_nid = x.event_nid
   where x.room_nid = ? order by x.event_nid`,
);
const readLastIndex = query<{ lineage_index: number }>(
  'select lineage_index from snapshots where lineage = ? order by lineage_index desc limit 1',
);
const readStateChanges = query<{
  position: number;
  state_key_nid: number;
  old_event_nid: number | null;
  new_event_nid: number | null;
}>(
  `select c.position, c.state_key_nid, c.old_event_nid, c.new_event_nid from state_changes c
   left join whole_rooms w on w.room_nid = c.room_nid and w.position = c.position
   where c.room_nid = ? and c.position > ? and c.position <= ?
     and (c.old_event_nid is not null or w.room_nid is null)
   order by c.position`,
);

/** One difference of a room's current state. */
export interface StateDifference {
  readonly position: number;
  readonly stateKeyNid: number;
  readonly oldEventNid: number | null;
  readonly newEventNid: number | null;
}

/** A snapshot to be made: what it refers to, and which nodes its own delta takes over. */
export interface NextSnapshot {
  readonly snapshot: Snapshot;
  readonly merged: readonly SnapshotNode[];
  readonly ancestor: SnapshotNode | undefined;
}

/**
 * The snapshot that comes after `from`: in its lineage, or the first of a new one. A lineage goes on only by a new event
 * on its last snapshot, so that what holds at one index and is replaced at a later one never comes back.
 */
export function nextSnapshot(
  from: Snapshot,
  nid: number,
  hash: number,
  startsLineage = false,
): NextSnapshot {
  const index = (from.path.at(-1)?.index ?? 0) + 1;
  const ancestorIndex = index - (index & -index);
  const kept = from.path.filter((node) => node.index <= ancestorIndex);
  return {
    snapshot: {
      nid,
      lineage: startsLineage || from.path.length === 0 ? nid : from.lineage,
      path: [...kept, { nid, index }],
      hash,
    },
    merged: from.path.slice(kept.length),
    ancestor: kept.at(-1),
  };
}

/** One entry of a state that is another in the next one; null where there is none any more. */
export type StatePair = readonly [stateKeyNid: number, eventNid: number | null];

/** Stores a snapshot that differs by these pairs from the one that it comes after. */
export function insertSnapshotStatements(
  roomNid: number,
  next: NextSnapshot,
  pairs: readonly StatePair[],
): Statement[] {
  const { snapshot, merged, ancestor } = next;
  const index = snapshot.path.at(-1)?.index ?? 0;
  return [
    statement(
      insertSnapshot,
      snapshot.nid,
      roomNid,
      snapshot.lineage,
      index,
      ancestor?.nid ?? null,
      snapshot.hash,
    ),
    ...merged.map((node) => statement(copyDelta, snapshot.nid, node.nid)),
    ...pairs.map((pair) => statement(putDelta, snapshot.nid, ...pair)),
  ];
}

/** One difference of current state, at a position of the change that holds it. */
export function stateChangeStatements(
  roomNid: number,
  at: SqlParam,
  typeNid: number,
  stateKeyNid: number,
  oldEventNid: number | null,
  newEventNid: number | null,
): Statement[] {
  return [
    newEventNid === null
      ? statement(deleteCurrent, roomNid, typeNid, stateKeyNid)
      : statement(putCurrent, roomNid, typeNid, stateKeyNid, newEventNid),
    statement(insertStateChange, roomNid, at, stateKeyNid, oldEventNid, newEventNid),
  ];
}

export function putHeadStatement(roomNid: number, snapshotNid: number): Statement {
  return statement(putHead, roomNid, snapshotNid);
}

export function insertRoomStatement(
  roomNid: number,
  version: string,
  createEventNid: number,
): Statement {
  return statement(insertRoomVersion, roomNid, version, createEventNid);
}

/** The whole state that a snapshot stands for: state key nid → event nid. */
export async function readSnapshot(
  reader: Reader,
  snapshotNid: number,
): Promise<Map<number, number>> {
  const state = new Map<number, number>();
  for (const row of await reader.all(readChainState, snapshotNid)) {
    if (row.event_nid === null) state.delete(row.state_key_nid);
    else state.set(row.state_key_nid, row.event_nid);
  }
  return state;
}

const readPiece = query<{ state_key_nid: number; event_nid: number | null }>(
  `select state_key_nid, event_nid from snapshot_deltas
   where snapshot_nid = ? and state_key_nid > ? order by state_key_nid limit ?`,
);

/** A part of what one snapshot itself holds, by ascending key. */
export async function readSnapshotPiece(
  reader: Reader,
  snapshotNid: number,
  aboveKeyNid: number,
  rowsMax: number,
): Promise<StatePair[]> {
  const rows = await reader.all(readPiece, snapshotNid, aboveKeyNid, rowsMax);
  return rows.map((row) => [row.state_key_nid, row.event_nid]);
}

const readByHash = query<{ snapshot_nid: number }>(
  'select snapshot_nid from snapshots where room_nid = ? and hash = ? order by snapshot_nid limit ?',
);

/** The snapshots of a room that may be a state with this hash. */
export async function readSnapshotsByHash(
  reader: Reader,
  roomNid: number,
  hash: number,
  countMax: number,
): Promise<number[]> {
  const rows = await reader.all(readByHash, roomNid, hash, countMax);
  return rows.map((row) => row.snapshot_nid);
}

/** One entry of the state that a snapshot stands for. */
export async function readSnapshotKey(
  reader: Reader,
  snapshotNid: number,
  stateKeyNid: number,
): Promise<number | undefined> {
  const row = await reader.get(readChainKey, snapshotNid, stateKeyNid);
  return row?.event_nid ?? undefined;
}

/** A snapshot by reference, with the path that the next one needs. */
export async function readSnapshotPath(reader: Reader, snapshotNid: number): Promise<Snapshot> {
  if (snapshotNid === 0) return EMPTY_SNAPSHOT;
  const rows = await reader.all(readChain, snapshotNid);
  const last = rows.at(-1);
  if (last === undefined) throw new Error(`snapshot ${snapshotNid} is missing`);
  return {
    nid: snapshotNid,
    lineage: last.lineage,
    path: rows.map((row) => ({ nid: row.snapshot_nid, index: row.lineage_index })),
    hash: last.hash,
  };
}

/** The current state: state key nid → event nid. */
export async function readCurrentState(
  reader: Reader,
  roomNid: number,
): Promise<Map<number, number>> {
  return toStateMap(await reader.all(readCurrent, roomNid));
}

/** The current state without the events of one type; what it costs does not grow with those. */
export async function readCurrentStateWithout(
  reader: Reader,
  roomNid: number,
  typeNid: number,
): Promise<Map<number, number>> {
  return toStateMap(await reader.all(readCurrentWithout, roomNid, typeNid, roomNid, typeNid));
}

/** The current state events of one type. */
export async function readCurrentStateOfType(
  reader: Reader,
  roomNid: number,
  typeNid: number,
): Promise<Map<number, number>> {
  return toStateMap(await reader.all(readCurrentType, roomNid, typeNid));
}

/** Some entries of the current state, all of one type. */
export async function readCurrentStateKeys(
  reader: Reader,
  roomNid: number,
  typeNid: number,
  stateKeyNids: readonly number[],
): Promise<Map<number, number>> {
  if (stateKeyNids.length === 0) return new Map();
  const rows = await reader.all(readCurrentKeys, roomNid, typeNid, integerList(stateKeyNids));
  return toStateMap(rows);
}

/** Some entries of the current state, of whatever types; the types must be all those of the keys. */
export async function readCurrentEntries(
  reader: Reader,
  roomNid: number,
  typeNids: Iterable<number>,
  stateKeyNids: readonly number[],
): Promise<Map<number, number>> {
  if (stateKeyNids.length === 0) return new Map();
  const keys = integerList(stateKeyNids);
  return toStateMap(await reader.all(readCurrentEntriesOf, roomNid, integerList(typeNids), keys));
}

export async function readCurrentStateKey(
  reader: Reader,
  roomNid: number,
  typeNid: number,
  stateKeyNid: number,
): Promise<number | undefined> {
  const row = await reader.get(readCurrentKey, roomNid, typeNid, stateKeyNid);
  return row?.event_nid;
}

function toStateMap(rows: readonly StateRow[]): Map<number, number> {
  return new Map(rows.map((row) => [row.state_key_nid, row.event_nid]));
}

/**
 * Differences of current state in (`above`, `upTo`], oldest first; without the members who were there all the time and of
 * whom this server has learned after a join.
 */
export async function readStateDifferences(
  reader: Reader,
  roomNid: number,
  above: number,
  upTo: number,
): Promise<StateDifference[]> {
  const rows = await reader.all(readStateChanges, roomNid, above, upTo);
  return rows.map((row) => ({
    position: row.position,
    stateKeyNid: row.state_key_nid,
    oldEventNid: row.old_event_nid,
    newEventNid: row.new_event_nid,
  }));
}

interface ExtremityRow {
  readonly event_nid: number;
  readonly event_id: string;
  readonly depth: number;
  /** The snapshot after it. */
  readonly state_after: number;
}

/** Whether no snapshot comes after this one in its lineage. */
export async function isLastOfLineage(reader: Reader, snapshot: Snapshot): Promise<boolean> {
  const index = snapshot.path.at(-1)?.index;
  if (index === undefined) return true;
  return (await reader.get(readLastIndex, snapshot.lineage))?.lineage_index === index;
}

/** What a head is loaded from; undefined for a room that this server has no state of. */
export async function readRoomHead(
  reader: Reader,
  roomNid: number,
): Promise<
  | {
      version: string;
      createEventNid: number;
      snapshot: Snapshot;
      isLast: boolean;
      extremities: ExtremityRow[];
    }
  | undefined
> {
  const room = await reader.get(readRoom, roomNid);
  const head = await reader.get(readHead, roomNid);
  if (room === undefined || head === undefined) return undefined;
  const snapshot = await readSnapshotPath(reader, head.snapshot_nid);
  return {
    version: room.version,
    createEventNid: room.create_event_nid,
    snapshot,
    isLast: await isLastOfLineage(reader, snapshot),
    extremities: await reader.all(readExtremities, roomNid),
  };
}

/** Where a snapshot stands: in one lineage, what has a greater index holds all that came before. */
export interface SnapshotPlace {
  readonly lineage: number;
  readonly index: number;
}

const readPlaces = query<{ snapshot_nid: number; lineage: number; lineage_index: number }>(
  'select snapshot_nid, lineage, lineage_index from snapshots where snapshot_nid {in}',
);

export async function readSnapshotPlaces(
  reader: Reader,
  snapshotNids: readonly number[],
): Promise<Map<number, SnapshotPlace>> {
  if (snapshotNids.length === 0) return new Map();
  const rows = await reader.all(readPlaces, integerList(snapshotNids));
  return new Map(
    rows.map((row) => [row.snapshot_nid, { lineage: row.lineage, index: row.lineage_index }]),
  );
}

/** The version of a room; undefined for one that this server has no state of. */
export async function readRoomVersion(
  reader: Reader,
  roomNid: number,
): Promise<string | undefined> {
  const row = await reader.get(readRoom, roomNid);
  return row?.version;
}

const readReplaced = query<{ new_event_nid: number | null; old_event_nid: number | null }>(
  'select new_event_nid, old_event_nid from state_changes where room_nid = ? and position {in}',
);

/** What state events took the place of at these positions: event nid → event nid. */
export async function readReplacedState(
  reader: Reader,
  roomNid: number,
  positions: readonly number[],
): Promise<Map<number, number>> {
  const replaced = new Map<number, number>();
  if (positions.length === 0) return replaced;
  for (const row of await reader.all(readReplaced, roomNid, integerList(positions))) {
    const { old_event_nid: before, new_event_nid: after } = row;
    if (before !== null && after !== null) replaced.set(after, before);
  }
  return replaced;
}

const readKeyChanges = query<{ position: number; new_event_nid: number | null }>(
  `select position, new_event_nid from state_changes where room_nid = ? and state_key_nid = ?
   order by position`,
);

/** Every value that an entry of current state has had, oldest first. */
export async function readKeyHistory(
  reader: Reader,
  roomNid: number,
  stateKeyNid: number,
): Promise<{ position: number; eventNid: number | null }[]> {
  const rows = await reader.all(readKeyChanges, roomNid, stateKeyNid);
  return rows.map((row) => ({ position: row.position, eventNid: row.new_event_nid }));
}

/** The create event of a room; undefined for a room that this server has no state of. */
export async function readCreateEventNid(
  reader: Reader,
  roomNid: number,
): Promise<number | undefined> {
  return (await reader.get(readRoom, roomNid))?.create_event_nid;
}
