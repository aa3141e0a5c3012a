import type { Guard } from '../storage/change.ts';
import { escapeText, unescapeText } from '../storage/escape-text.ts';
import {
  integerList,
  query,
  rowStatements,
  rowsQuery,
  statement,
  textList,
} from '../storage/sql.ts';
import type { Reader, SqlParam, Statement } from '../storage/sql.ts';
import { Turns } from '../streams/turns.ts';
import { EdgeKind, EventFlag, UNACCEPTED_FLAGS } from './event-store.ts';

/** Where a stored event stands in the graph. */
export interface GraphRow {
  readonly event_nid: number;
  readonly event_id: string;
  readonly room_nid: number;
  readonly state_key_nid: number | null;
  readonly depth: number;
  readonly event_order: number | null;
  readonly flags: number;
  readonly rejected_by: string | null;
  /** Snapshots; null for an outlier. */
  readonly state_before: number | null;
  readonly state_after: number | null;
}

const graphColumns = `e.event_nid, e.event_id, e.room_nid, e.state_key_nid, e.depth, e.event_order, e.flags,
  e.rejected_by, e.state_before, coalesce(e.state_after, e.state_before) as state_after`;

const stateAfter = query<{ state_after: number | null }>(
  'select state_after from events where event_nid = ?',
);
const currentEntry = query<{ event_nid: number; lineage: number }>(
  `select c.event_nid, s.lineage from current_state c
   join room_heads h on h.room_nid = c.room_nid
   join snapshots s on s.snapshot_nid = h.snapshot_nid
   where c.room_nid = ? and c.type_nid = ? and c.state_key_nid = ?`,
);
const byId = query<GraphRow>(
  `select ${graphColumns} from event_ids i join events e on e.event_nid = i.event_nid
   where i.event_id = ?`,
);
/** The ID as it is asked for beside the row. */
const byIds = query<GraphRow & { readonly asked: string }>(
  `select ${graphColumns}, i.event_id as asked
   from event_ids i join events e on e.event_nid = i.event_nid where i.event_id {in_texts}`,
);
const eventNidOf = query<{ event_nid: number }>(
  'select event_nid from event_ids where event_id = ?',
);
const internEventIds = rowsQuery(
  'insert into event_ids (event_id, event_nid)',
  '(?, ?)',
  'on conflict do nothing',
);
const eventNidsOf = query<{ event_id: string; event_nid: number }>(
  'select event_id, event_nid from event_ids where event_id {in_texts}',
);
const authEdges = query<{ event_nid: number; to_event_nid: number | null }>(
  `select e.event_nid, x.to_event_nid from events e
   left join event_edges x on x.event_nid = e.event_nid and x.kind = ${EdgeKind.auth}
   where e.event_nid {in}`,
);
const namedAuthEdges = query<{ event_nid: number; to_event_nid: number; event_id: string }>(
  `select x.event_nid, x.to_event_nid, e.event_id from event_edges x
   join events e on e.event_nid = x.to_event_nid
   where x.event_nid {in} and x.kind = ${EdgeKind.auth}`,
);
const eventsForAuth = query<AuthEventRow>(
  `select event_nid, event_id, state_key_nid, type_nid, flags, json from events where event_nid {in}`,
);
const insertBackward = query(
  'insert into backward_extremities (event_nid, child_nid, room_nid) values (?, ?, ?)',
);
const deleteBackward = query('delete from backward_extremities where event_nid = ?');
const acceptedChildren = query<{ child_nid: number }>(
  `select b.child_nid from backward_extremities b join events c on c.event_nid = b.child_nid
   where b.event_nid = ? and (c.flags & ${UNACCEPTED_FLAGS}) = 0 limit 1`,
);
const depthMin = query<{ depth: number }>(
  `select depth from events where room_nid = ? and event_order is not null
   order by depth, event_order limit 1`,
);
const localJoinedCount = query<{ local_joined_count: number }>(
  'select local_joined_count from room_summaries where room_nid = ?',
);
const waitingRedactions = query<{ redaction_nid: number }>(
  'select redaction_nid from redactions where target_nid = ? and valid is null order by redaction_nid',
);
const insertWaiting = query(
  'insert into redactions (target_nid, redaction_nid, valid) values (?, ?, null) on conflict do nothing',
);
const decideRedaction = query(
  'update redactions set valid = ? where target_nid = ? and redaction_nid = ?',
);
const readOutlier = query<{ flags: number }>(
  `select flags from events where event_nid = ? and flags & ${EventFlag.outlier} <> 0`,
);
const placeOutlier = query(
  `update events set event_order = ?, state_before = ?, state_after = ?, flags = ?, rejected_by = ?
   where event_nid = ?`,
);
const insertPrevEdge = query(
  `insert into event_edges (event_nid, kind, to_event_nid) values (?, ${EdgeKind.prev}, ?)
   on conflict do nothing`,
);

/** Events that are looked for in one query. */
const IDS_AT_ONCE = 200;

/** What the auth rules read an event from. */
export interface AuthEventRow {
  readonly event_nid: number;
  readonly event_id: string;
  readonly state_key_nid: number | null;
  readonly type_nid: number;
  readonly flags: number;
  readonly json: string;
}

/** The first snapshot that holds a state event; undefined where it is not known. */
export async function readStateAfter(
  reader: Reader,
  eventNid: number,
): Promise<number | undefined> {
  return (await reader.get(stateAfter, eventNid))?.state_after ?? undefined;
}

/** An entry of the current state, with the lineage that the current state is in. */
export async function readCurrentEntry(
  reader: Reader,
  roomNid: number,
  typeNid: number,
  stateKeyNid: number,
): Promise<{ eventNid: number; lineage: number } | undefined> {
  const row = await reader.get(currentEntry, roomNid, typeNid, stateKeyNid);
  return row === undefined ? undefined : { eventNid: row.event_nid, lineage: row.lineage };
}

export function readGraphRow(reader: Reader, eventId: string): Promise<GraphRow | undefined> {
  return reader.get(byId, escapeText(eventId));
}

/** Events by ID: those that are stored, outliers included. */
export async function readGraphRows(
  reader: Reader,
  eventIds: Iterable<string>,
): Promise<Map<string, GraphRow>> {
  const rows = new Map<string, GraphRow>();
  const turns = new Turns();
  const ids = [...eventIds];
  for (let start = 0; start < ids.length; start += IDS_AT_ONCE) {
    const list = textList(ids.slice(start, start + IDS_AT_ONCE).map(escapeText));
    for (const { asked, ...row } of await reader.all(byIds, list)) {
      rows.set(unescapeText(asked), row);
    }
    await turns.next();
  }
  return rows;
}

/** The nids of events by ID: those that are interned. */
export async function readEventNids(
  reader: Reader,
  eventIds: readonly string[],
): Promise<Map<string, number>> {
  const rows = await reader.all(eventNidsOf, textList(eventIds.map(escapeText)));
  return new Map(rows.map((row) => [unescapeText(row.event_id), row.event_nid]));
}

/** The auth events of each of these that is stored. */
export async function readAuthEdges(
  reader: Reader,
  eventNids: readonly number[],
): Promise<Map<number, number[]>> {
  const edges = new Map<number, number[]>();
  for (const row of await reader.all(authEdges, integerList(eventNids))) {
    const listed = edges.get(row.event_nid) ?? [];
    if (row.to_event_nid !== null) listed.push(row.to_event_nid);
    edges.set(row.event_nid, listed);
  }
  return edges;
}

export async function readEventsForAuth(
  reader: Reader,
  eventNids: readonly number[],
): Promise<AuthEventRow[]> {
  return eventNids.length === 0 ? [] : reader.all(eventsForAuth, integerList(eventNids));
}

/** The auth events of each of these, by ID. */
export async function readNamedAuthEdges(
  reader: Reader,
  eventNids: readonly number[],
): Promise<Map<number, Map<string, number>>> {
  const edges = new Map<number, Map<string, number>>();
  if (eventNids.length === 0) return edges;
  for (const row of await reader.all(namedAuthEdges, integerList(eventNids))) {
    const listed = edges.get(row.event_nid) ?? new Map<string, number>();
    edges.set(row.event_nid, listed.set(row.event_id, row.to_event_nid));
  }
  return edges;
}

/** Interns the IDs of events; the last statement answers with the nids that they have then. */
export function internEventIdsStatements(
  ids: readonly (readonly [eventId: string, freshNid: number])[],
): Statement[] {
  const rows = ids.map(([eventId, freshNid]) => [escapeText(eventId), freshNid] as const);
  const list = textList(rows.map(([escaped]) => escaped));
  return [...rowStatements(internEventIds, rows), statement(eventNidsOf, list)];
}

/** An answer to the last of those statements. */
export function internedEventIds(
  rows: readonly Readonly<Record<string, unknown>>[],
): [eventId: string, eventNid: number][] {
  return rows.map((row) => [unescapeText(String(row['event_id'])), Number(row['event_nid'])]);
}

/** Holds while nobody has interned the event's ID. */
export function newEventGuard(name: string, eventId: string): Guard {
  const check = statement(eventNidOf, escapeText(eventId));
  return { name, expect: 'absent', check };
}

/** Holds while the event is an outlier. */
export function outlierGuard(name: string, eventNid: number): Guard {
  return { name, expect: 'exists', check: statement(readOutlier, eventNid) };
}

/** The event refers to one that is not there: a backward extremity. */
export function backwardExtremityStatement(
  roomNid: number,
  missingNid: number,
  childNid: number,
): Statement {
  return statement(insertBackward, missingNid, childNid, roomNid);
}

/** The event is there now. */
export function endBackwardExtremityStatement(eventNid: number): Statement {
  return statement(deleteBackward, eventNid);
}

/** Whether an accepted event that came earlier refers to this one as its prev event. */
export async function hasAcceptedChild(reader: Reader, eventNid: number): Promise<boolean> {
  return (await reader.get(acceptedChildren, eventNid)) !== undefined;
}

/** The least depth of the events that have a place in the room. */
export async function readDepthMin(reader: Reader, roomNid: number): Promise<number> {
  return (await reader.get(depthMin, roomNid))?.depth ?? 0;
}

/** Whether a user of this server is in the room. */
export async function isServerInRoom(reader: Reader, roomNid: number): Promise<boolean> {
  return ((await reader.get(localJoinedCount, roomNid))?.local_joined_count ?? 0) > 0;
}

/** Redactions that came before the event that they are about. */
export async function readWaitingRedactions(reader: Reader, eventNid: number): Promise<number[]> {
  return (await reader.all(waitingRedactions, eventNid)).map((row) => row.redaction_nid);
}

export function waitingRedactionStatement(targetNid: number, redactionNid: number): Statement {
  return statement(insertWaiting, targetNid, redactionNid);
}

export function decideRedactionStatement(
  targetNid: number,
  redactionNid: number,
  isValid: boolean,
): Statement {
  return statement(decideRedaction, isValid ? 1 : 0, targetNid, redactionNid);
}

/** What an outlier gets when it takes its place. */
export interface OutlierPlace {
  readonly order: SqlParam;
  readonly stateBefore: number;
  readonly stateAfter: number | null;
  readonly flags: number;
  readonly rejectedBy: string | null;
}

export function placeOutlierStatements(
  eventNid: number,
  { order, stateBefore, stateAfter: after, flags, rejectedBy }: OutlierPlace,
  prevEventNids: readonly number[],
): Statement[] {
  return [
    statement(placeOutlier, order, stateBefore, after, flags, rejectedBy, eventNid),
    ...prevEventNids.map((nid) => statement(insertPrevEdge, eventNid, nid)),
  ];
}
