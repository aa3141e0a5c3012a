import type { Guard } from '../storage/change.ts';
import { escapeText } from '../storage/escape-text.ts';
import { integerList, query, rowStatements, rowsQuery, statement } from '../storage/sql.ts';
import type { Query, Reader, SqlParam, Statement } from '../storage/sql.ts';

/** Bits of `events.flags`. */
export const EventFlag = {
  /** Known, but without a place in the room's history. */
  outlier: 1,
  /** Fails the auth rules; `rejected_by` names the rule. */
  rejected: 2,
  /** Server-server API, "Soft failure". */
  softFailed: 4,
  /** Checked against partial state only. */
  partialState: 8,
  /** Has a valid redaction: its content is pruned on the way out. */
  redacted: 16,
  /** Says nothing to anybody: see `dummy-event.ts`. */
  dummy: 32,
} as const;

/** What has no effect in its room. */
export const UNACCEPTED_FLAGS = EventFlag.outlier | EventFlag.rejected | EventFlag.softFailed;

/** What clients never see. */
export const HIDDEN_FLAGS = UNACCEPTED_FLAGS | EventFlag.dummy;

/** Format of `events.json`: 1 is the PDU's JSON text, without the event ID. */
const JSON_FORMAT = 1;

/** A row of `events`, as far as it is read. */
export interface EventRow {
  readonly event_nid: number;
  readonly event_id: string;
  readonly room_nid: number;
  readonly sender_nid: number;
  readonly state_key_nid: number | null;
  readonly depth: number;
  readonly event_order: number | null;
  readonly state_before: number | null;
  readonly flags: number;
  readonly device_nid: number | null;
  readonly transaction_id: string | null;
  readonly json: string;
}

/** Of `events e`: an {@link EventRow}. */
export const eventColumns = `e.event_nid, e.event_id, e.room_nid, e.sender_nid, e.state_key_nid, e.depth,
  e.event_order, e.state_before, e.flags, e.device_nid, e.transaction_id, e.json`;

const byNid = query<EventRow>(`select ${eventColumns} from events e where e.event_nid = ?`);
const byNids = query<EventRow>(`select ${eventColumns} from events e where e.event_nid {in}`);
const byId = query<EventRow>(
  `select ${eventColumns} from event_ids i join events e on e.event_nid = i.event_nid
   where i.event_id = ?`,
);
const nidById = query<{ event_nid: number }>('select event_nid from event_ids where event_id = ?');
const byTransaction = query<EventRow>(
  `select ${eventColumns} from events e where e.device_nid = ? and e.transaction_id = ?`,
);
/** `+ 0` keeps SQLite, which knows no statistics, from an index of the room: that would be all of its events. */
const sameTransaction = query(
  `select event_nid from events
   where device_nid = ? and transaction_id = ? and room_nid + 0 = ? and type_nid = ?`,
);

export const timelineQueries = {
  /** Newest first: (room, above this order, up to this order, limit). */
  newest: query<EventRow>(
    `select ${eventColumns} from events e
     where e.room_nid = ? and e.event_order > ? and e.event_order <= ?
     order by e.event_order desc limit ?`,
  ),
  /** Oldest first: (room, above this order, up to this order, limit). */
  oldest: query<EventRow>(
    `select ${eventColumns} from events e
     where e.room_nid = ? and e.event_order > ? and e.event_order <= ?
     order by e.event_order limit ?`,
  ),
  /** Older than a place in history: (room, depth, depth, order, limit), newest first. */
  before: query<EventRow>(
    `select ${eventColumns} from events e
     where e.room_nid = ? and e.depth <= ? and (e.depth < ? or e.event_order < ?)
       and e.event_order is not null
     order by e.depth desc, e.event_order desc limit ?`,
  ),
  /** The same among those above one order and up to another: (room, depth, depth, order, above, up to, limit). */
  beforeAmong: query<EventRow>(
    `select ${eventColumns} from events e
     where e.room_nid = ? and e.depth <= ? and (e.depth < ? or e.event_order < ?)
       and e.event_order > ? and e.event_order <= ?
     order by e.depth desc, e.event_order desc limit ?`,
  ),
  /** From a place in history on: (room, depth, depth, order, limit), oldest first. */
  after: query<EventRow>(
    `select ${eventColumns} from events e
     where e.room_nid = ? and e.depth >= ? and (e.depth > ? or e.event_order >= ?)
       and e.event_order is not null
     order by e.depth, e.event_order limit ?`,
  ),
  /** The last event with an order at or below this one: (room, order). */
  lastAtOrder: query<{ depth: number; event_order: number }>(
    `select depth, event_order from events where room_nid = ? and event_order <= ?
     order by event_order desc limit 1`,
  ),
};

/** Events around a time: (room, time, time, order, limit), the nearest first. */
export const timeQueries = {
  from: query<EventRow & { readonly origin_server_ts: number }>(
    `select ${eventColumns}, e.origin_server_ts from events e
     where e.room_nid = ? and e.origin_server_ts >= ? and (e.origin_server_ts > ? or e.event_order > ?)
       and e.event_order is not null
     order by e.origin_server_ts, e.event_order limit ?`,
  ),
  before: query<EventRow & { readonly origin_server_ts: number }>(
    `select ${eventColumns}, e.origin_server_ts from events e
     where e.room_nid = ? and e.origin_server_ts <= ? and (e.origin_server_ts < ? or e.event_order < ?)
       and e.event_order is not null
     order by e.origin_server_ts desc, e.event_order desc limit ?`,
  ),
};

const insertEventId = query('insert into event_ids (event_id, event_nid) values (?, ?)');
const insertEvent = query(
  `insert into events (event_nid, event_id, room_nid, type_nid, state_key_nid, sender_nid, depth,
     origin_server_ts, event_order, state_before, state_after, flags, rejected_by, device_nid, transaction_id,
     format, json)
   values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ${JSON_FORMAT}, ?)`,
);
const insertEvents = rowsQuery(
  `insert into events (event_nid, event_id, room_nid, type_nid, state_key_nid, sender_nid, depth,
     origin_server_ts, event_order, state_before, state_after, flags, rejected_by, device_nid, transaction_id,
     format, json)`,
  `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ${JSON_FORMAT}, ?)`,
);
const insertManyEdges = rowsQuery(
  'insert into event_edges (event_nid, kind, to_event_nid)',
  '(?, ?, ?)',
);
const insertExtremity = query(
  'insert into forward_extremities (room_nid, event_nid) values (?, ?)',
);
const moveExtremity = query(
  'update forward_extremities set event_nid = ? where room_nid = ? and event_nid = ?',
);
const deleteExtremity = query(
  'delete from forward_extremities where room_nid = ? and event_nid = ?',
);
const insertRedaction = query(
  `insert into redactions (target_nid, redaction_nid, valid) values (?, ?, ?) on conflict do nothing`,
);
const markRedacted = query(
  `update events set flags = flags | ${EventFlag.redacted} where event_nid = ?`,
);
const validRedactions = query<{ target_nid: number; redaction_nid: number }>(
  `select target_nid, redaction_nid from redactions where target_nid {in} and valid = 1
   order by redaction_nid desc`,
);

/** As many edges as an event may have (SS API: 20 prev events, 10 auth events). */
const EDGES_MAX = 30;

/** What an edge of the graph means: `event_edges.kind`. */
export const EdgeKind = { prev: 0, auth: 1 } as const;

/** The edges of one event in one statement; one query for each number of them. */
const insertEdges: readonly Query[] = Array.from({ length: EDGES_MAX }, (_, index) => {
  const rows = Array.from({ length: index + 1 }, () => '(?, ?, ?)').join(', ');
  return query(`insert into event_edges (event_nid, kind, to_event_nid) values ${rows}`);
});

function insertEdgesStatement(row: NewEventRow): Statement[] {
  const edges = edgesOf(row);
  const of = insertEdges[edges.length - 1];
  return of === undefined ? [] : [statement(of, ...edges.flat())];
}

type Edge = [eventNid: number, kind: number, toEventNid: number];

function edgesOf({ eventNid, prevEventNids, authEventNids }: NewEventRow): Edge[] {
  return [
    ...prevEventNids.map((nid): Edge => [eventNid, EdgeKind.prev, nid]),
    ...authEventNids.map((nid): Edge => [eventNid, EdgeKind.auth, nid]),
  ];
}

/** What `events` and its companions hold of a new event. */
export interface NewEventRow {
  readonly eventNid: number;
  readonly eventId: string;
  readonly roomNid: number;
  readonly typeNid: number;
  readonly stateKeyNid: number | null;
  readonly senderNid: number;
  readonly depth: number;
  readonly originServerTs: number;
  readonly order: SqlParam;
  readonly stateBefore: number | null;
  readonly stateAfter: number | null;
  readonly flags: number;
  readonly rejectedBy: string | null;
  readonly deviceNid: number | null;
  readonly transactionId: string | null;
  readonly json: SqlParam;
  readonly prevEventNids: readonly number[];
  readonly authEventNids: readonly number[];
}

export function insertEventStatements(row: NewEventRow): Statement[] {
  return [
    statement(insertEventId, row.eventId, row.eventNid),
    statement(insertEvent, ...eventParams(row)),
    ...insertEdgesStatement(row),
  ];
}

/** Many events whose IDs are interned. */
export function insertEventsStatements(rows: readonly NewEventRow[]): Statement[] {
  return [
    ...rowStatements(insertEvents, rows.map(eventParams)),
    ...rowStatements(insertManyEdges, rows.flatMap(edgesOf)),
  ];
}

function eventParams(row: NewEventRow): SqlParam[] {
  return [
    row.eventNid,
    row.eventId,
    row.roomNid,
    row.typeNid,
    row.stateKeyNid,
    row.senderNid,
    Math.min(row.depth, Number.MAX_SAFE_INTEGER),
    clampInteger(row.originServerTs),
    row.order,
    row.stateBefore,
    row.stateAfter,
    row.flags,
    row.rejectedBy,
    row.deviceNid,
    row.transactionId === null ? null : escapeText(row.transactionId),
    row.json,
  ];
}

/** The new event, where it is one of the room's ends, takes the place of extremities. */
export function moveExtremities(
  roomNid: number,
  eventNid: number | undefined,
  replaced: readonly number[],
): Statement[] {
  const [first, ...others] = replaced;
  if (eventNid === undefined) {
    return replaced.map((nid) => statement(deleteExtremity, roomNid, nid));
  }
  if (first === undefined) return [statement(insertExtremity, roomNid, eventNid)];
  return [
    ...others.map((nid) => statement(deleteExtremity, roomNid, nid)),
    statement(moveExtremity, eventNid, roomNid, first),
  ];
}

export function redactionStatements(targetNid: number, redactionNid: number): Statement[] {
  return [
    statement(insertRedaction, targetNid, redactionNid, 1),
    statement(markRedacted, targetNid),
  ];
}

export function readEvent(reader: Reader, eventNid: number): Promise<EventRow | undefined> {
  return reader.get(byNid, eventNid);
}

/** Several events, by nid. */
export async function readEvents(
  reader: Reader,
  eventNids: readonly number[],
): Promise<EventRow[]> {
  return eventNids.length === 0 ? [] : reader.all(byNids, integerList(eventNids));
}

export function readEventById(reader: Reader, eventId: string): Promise<EventRow | undefined> {
  return reader.get(byId, escapeText(eventId));
}

export async function readEventNid(reader: Reader, eventId: string): Promise<number | undefined> {
  const row = await reader.get(nidById, escapeText(eventId));
  return row?.event_nid;
}

/** The events that a device sent with a transaction ID, at whatever endpoint. */
export function readEventsOfTransaction(
  reader: Reader,
  deviceNid: number,
  transactionId: string,
): Promise<EventRow[]> {
  return reader.all(byTransaction, deviceNid, escapeText(transactionId));
}

/** Holds unless the device has sent an event of this type to this room with this transaction ID. */
export function newTransactionGuard(
  name: string,
  deviceNid: number,
  transactionId: string,
  roomNid: number,
  typeNid: number,
): Guard {
  const check = statement(sameTransaction, deviceNid, escapeText(transactionId), roomNid, typeNid);
  return { name, expect: 'absent', check, isIndependent: true };
}

/** The redactions that took effect first: target nid → redaction nid. */
export async function readRedactions(
  reader: Reader,
  targetNids: readonly number[],
): Promise<Map<number, number>> {
  if (targetNids.length === 0) return new Map();
  const rows = await reader.all(validRedactions, integerList(targetNids));
  return new Map(rows.map((row) => [row.target_nid, row.redaction_nid]));
}

/** Columns hold ±(2^53−1); what lies beyond stays in the JSON alone. */
function clampInteger(value: number): number {
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Math.trunc(value)));
}
