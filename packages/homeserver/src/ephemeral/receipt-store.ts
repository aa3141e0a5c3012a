import { escapeText, unescapeText } from '../storage/escape-text.ts';
import { POSITION, query, statement } from '../storage/sql.ts';
import type { Reader, SqlParam, Statement } from '../storage/sql.ts';

/** `receipts.receipt_type`. */
const receiptTypes = { 'm.read': 1, 'm.read.private': 2 } as const;

/** A kind of receipt that is stored; `m.fully_read` is account data. */
export type ReceiptType = keyof typeof receiptTypes;

/** Whose receipt of which kind: at most one of each is kept. */
export interface ReceiptKey {
  readonly roomNid: number;
  readonly userNid: number;
  readonly type: ReceiptType;
  readonly threadNid: number;
}

/** A receipt for an event that has not arrived. */
export interface WaitingReceipt extends ReceiptKey {
  readonly eventId: string;
  /** Milliseconds since the Unix epoch. */
  readonly ts: number;
}

/** A receipt with the names that clients see. */
export interface ReceiptRow {
  readonly type: ReceiptType;
  readonly userId: string;
  readonly eventId: string;
  readonly threadNid: number;
  /** The ID of the thread's root event, for a receipt in a thread. */
  readonly threadId: string | undefined;
  readonly ts: number;
}

const put = query(
  `insert into receipts (room_nid, user_nid, receipt_type, thread_nid, event_nid, event_order, ts,
     position)
   values (?, ?, ?, ?, ?, ?, ?, ?)
   on conflict (room_nid, user_nid, receipt_type, thread_nid) do update
     set event_nid = excluded.event_nid, event_order = excluded.event_order, ts = excluded.ts,
       position = excluded.position
     where excluded.event_order > receipts.event_order`,
);
const orderOf = query<{ event_order: number }>(
  `select event_order from receipts
   where room_nid = ? and user_nid = ? and receipt_type = ? and thread_nid = ?`,
);
interface ReceiptColumns {
  readonly receipt_type: number;
  readonly user_id: string;
  readonly event_id: string;
  readonly thread_nid: number;
  readonly thread_id: string | null;
  readonly ts: number;
}

const columnsFrom = `select r.receipt_type, u.user_id, e.event_id, r.thread_nid,
     coalesce(t.event_id, l.event_id) as thread_id, r.ts
   from receipts r join users u on u.user_nid = r.user_nid
   join events e on e.event_nid = r.event_nid
   left join events t on t.event_nid = r.thread_nid
   left join late_thread_roots l on l.thread_nid = r.thread_nid`;
const changed = query<ReceiptColumns>(
  `${columnsFrom}
   where r.room_nid = ? and r.position > ? and r.position <= ?
     and (r.receipt_type = ${receiptTypes['m.read']} or r.user_nid = ?)
   order by r.position`,
);
const changedOfAll = query<ReceiptColumns>(
  `${columnsFrom}
   where r.room_nid = ? and r.position > ? and r.position <= ?
   order by r.position`,
);
const putWaiting = query(
  `insert into waiting_receipts (room_nid, user_nid, receipt_type, thread_nid, event_id, ts)
   values (?, ?, ?, ?, ?, ?)
   on conflict (room_nid, user_nid, receipt_type, thread_nid) do update
     set event_id = excluded.event_id, ts = excluded.ts`,
);
const deleteWaiting = query(
  `delete from waiting_receipts
   where room_nid = ? and user_nid = ? and receipt_type = ? and thread_nid = ? and event_id = ?`,
);
const waitingOf = query<{
  user_nid: number;
  receipt_type: number;
  thread_nid: number;
  event_id: string;
  ts: number;
}>(
  `select user_nid, receipt_type, thread_nid, event_id, ts from waiting_receipts
   where room_nid = ? limit ?`,
);

/** Sets a receipt at the change's position `at`, unless there is one for a later event. */
export function putReceiptStatement(
  key: ReceiptKey,
  eventNid: number,
  eventOrder: SqlParam,
  ts: number,
  at: SqlParam = POSITION,
): Statement {
  return statement(put, ...columnsOf(key), eventNid, eventOrder, ts, at);
}

/** The order of the event that a receipt is for. */
export async function readReceiptOrder(
  reader: Reader,
  key: ReceiptKey,
): Promise<number | undefined> {
  return (await reader.get(orderOf, ...columnsOf(key)))?.event_order;
}

/** Receipts set in (`above`, `upTo`], oldest first; private ones only of `forUserNid`. */
export async function readReceiptRows(
  reader: Reader,
  roomNid: number,
  above: number,
  upTo: number,
  forUserNid: number,
): Promise<ReceiptRow[]> {
  return (await reader.all(changed, roomNid, above, upTo, forUserNid)).map(toReceiptRow);
}

/** The same of everybody, private ones too: they are the caller's to keep from others. */
export async function readAllReceiptRows(
  reader: Reader,
  roomNid: number,
  above: number,
  upTo: number,
): Promise<ReceiptRow[]> {
  return (await reader.all(changedOfAll, roomNid, above, upTo)).map(toReceiptRow);
}

function toReceiptRow(row: ReceiptColumns): ReceiptRow {
  return {
    type: receiptTypeOf(row.receipt_type),
    userId: unescapeText(row.user_id),
    eventId: unescapeText(row.event_id),
    threadNid: row.thread_nid,
    threadId: row.thread_id === null ? undefined : unescapeText(row.thread_id),
    ts: row.ts,
  };
}

export function putWaitingStatement(receipt: WaitingReceipt): Statement {
  return statement(putWaiting, ...columnsOf(receipt), escapeText(receipt.eventId), receipt.ts);
}

export function deleteWaitingStatement(receipt: WaitingReceipt): Statement {
  return statement(deleteWaiting, ...columnsOf(receipt), escapeText(receipt.eventId));
}

/** Up to `limit` receipts of a room that wait for their events. */
export async function readWaitingReceipts(
  reader: Reader,
  roomNid: number,
  limit: number,
): Promise<WaitingReceipt[]> {
  const rows = await reader.all(waitingOf, roomNid, limit);
  return rows.map((row) => ({
    roomNid,
    userNid: row.user_nid,
    type: receiptTypeOf(row.receipt_type),
    threadNid: row.thread_nid,
    eventId: unescapeText(row.event_id),
    ts: row.ts,
  }));
}

/** Whether a text names a kind of receipt that is stored. */
export function isReceiptType(type: string): type is ReceiptType {
  return Object.hasOwn(receiptTypes, type);
}

function receiptTypeOf(code: number): ReceiptType {
  return code === receiptTypes['m.read'] ? 'm.read' : 'm.read.private';
}

function columnsOf({ roomNid, userNid, type, threadNid }: ReceiptKey): number[] {
  return [roomNid, userNid, receiptTypes[type], threadNid];
}
