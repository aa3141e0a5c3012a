import type { Guard } from '../../storage/change.ts';
import { escapeText } from '../../storage/escape-text.ts';
import { query, statement } from '../../storage/sql.ts';
import type { Reader, Statement } from '../../storage/sql.ts';

/** An event that waits for its place in a room. */
export interface InboxRow {
  readonly inbox_nid: number;
  readonly room_nid: number;
  readonly event_id: string;
  readonly origin: string;
  readonly attempts: number;
  readonly next_try_ts: number;
  readonly json: string;
}

const insertEvent = query(
  `insert into inbox (inbox_nid, room_nid, event_id, origin, received_ts, attempts, next_try_ts, json)
   values (?, ?, ?, ?, ?, 0, 0, ?)
   on conflict (room_nid, event_id) do update set next_try_ts = 0 where inbox.origin = excluded.origin`,
);
const deleteEvent = query('delete from inbox where inbox_nid = ?');
const postpone = query('update inbox set attempts = ?, next_try_ts = ? where inbox_nid = ?');
const nextOfRoom = query<InboxRow>(
  `select inbox_nid, room_nid, event_id, origin, attempts, next_try_ts, json from inbox
   where room_nid = ? and next_try_ts <= ? order by inbox_nid limit ?`,
);
const waitingOfRooms = query<{ room_nid: number; count: number; next_try_ts: number }>(
  `select room_nid, count(*) as count, min(next_try_ts) as next_try_ts from inbox
   group by room_nid order by room_nid`,
);
const waitingOfRoom = query<{ count: number; next_try_ts: number | null }>(
  'select count(*) as count, min(next_try_ts) as next_try_ts from inbox where room_nid = ?',
);
const answer = query<{ answer: string }>(
  'select answer from received_transactions where origin = ? and transaction_id = ?',
);
const insertAnswer = query(
  `insert into received_transactions (origin, transaction_id, received_ts, answer)
   values (?, ?, ?, ?) on conflict do nothing`,
);
const prune = query('delete from received_transactions where received_ts < ?');

export interface NewInboxRow {
  readonly inboxNid: number;
  readonly roomNid: number;
  readonly eventId: string;
  readonly origin: string;
  readonly receivedTs: number;
  readonly json: string;
}

/** An event that its sender sends again, while it waits to be tried again, is tried at once. */
export function insertInboxStatement(row: NewInboxRow): Statement {
  const { inboxNid, roomNid, eventId, origin, receivedTs, json } = row;
  return statement(insertEvent, inboxNid, roomNid, eventId, origin, receivedTs, json);
}

export function deleteInboxStatement(inboxNid: number): Statement {
  return statement(deleteEvent, inboxNid);
}

export function postponeStatement(
  inboxNid: number,
  attempts: number,
  nextTryTs: number,
): Statement {
  return statement(postpone, attempts, nextTryTs, inboxNid);
}

/** The first events of the room that may be tried, up to `limit`. */
export function readNext(
  reader: Reader,
  roomNid: number,
  now: number,
  limit: number,
): Promise<InboxRow[]> {
  return reader.all(nextOfRoom, roomNid, now, limit);
}

/** How many events wait. */
export interface WaitingEvents {
  readonly roomNid: number;
  readonly count: number;
  /** When the first of them may be tried. */
  readonly nextTryTs: number;
}

export async function readWaiting(reader: Reader): Promise<WaitingEvents[]> {
  return (await reader.all(waitingOfRooms)).map((row) => ({
    roomNid: row.room_nid,
    count: row.count,
    nextTryTs: row.next_try_ts,
  }));
}

export async function readWaitingOf(reader: Reader, roomNid: number): Promise<WaitingEvents> {
  const row = await reader.get(waitingOfRoom, roomNid);
  return { roomNid, count: row?.count ?? 0, nextTryTs: row?.next_try_ts ?? 0 };
}

/** What was answered to a transaction. */
export async function readAnswer(
  reader: Reader,
  origin: string,
  transactionId: string,
): Promise<string | undefined> {
  return (await reader.get(answer, origin, escapeText(transactionId)))?.answer;
}

export function insertAnswerStatement(
  origin: string,
  transactionId: string,
  receivedTs: number,
  text: string,
): Statement {
  return statement(insertAnswer, origin, escapeText(transactionId), receivedTs, text);
}

/** Holds while the transaction has no answer. */
export function unansweredGuard(name: string, origin: string, transactionId: string): Guard {
  const check = statement(answer, origin, escapeText(transactionId));
  return { name, expect: 'absent', check };
}

export function pruneAnswersStatement(beforeTs: number): Statement {
  return statement(prune, beforeTs);
}
