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
  /** 0 until it has been tried without asking anybody; then how often it has been, or is about to be, asked about. */
  readonly attempts: number;
  readonly next_try_ts: number;
  readonly json: string;
}

interface WaitingRow {
  readonly room_nid: number;
  readonly origin: string;
  readonly count: number;
}

const insertEvent = query(
  `insert into inbox (inbox_nid, room_nid, event_id, origin, received_ts, attempts, next_try_ts, json)
   values (?, ?, ?, ?, ?, 0, 0, ?)
   on conflict (room_nid, event_id) do update set next_try_ts = 0, origin = excluded.origin,
     attempts = case when inbox.origin = excluded.origin then inbox.attempts else 0 end
     where inbox.attempts > 0`,
);
const deleteEvent = query('delete from inbox where inbox_nid = ? and origin = ?');
const postpone = query(
  'update inbox set attempts = ?, next_try_ts = ? where inbox_nid = ? and origin = ?',
);
const columns = 'inbox_nid, room_nid, event_id, origin, attempts, next_try_ts, json';
const nextOfRoom = query<InboxRow>(
  `select ${columns} from inbox where room_nid = ? and attempts = 0 order by inbox_nid limit ?`,
);
const waitingOfRooms = query<WaitingRow>(
  `select room_nid, origin, count(*) as count from inbox where attempts = 0
   group by room_nid, origin order by room_nid, origin`,
);
const waitingOfRoom = query<WaitingRow>(
  `select room_nid, origin, count(*) as count from inbox where room_nid = ? and attempts = 0
   group by room_nid, origin`,
);
const nextIncomplete = query<InboxRow>(
  `select ${columns} from inbox
   where room_nid = ? and origin = ? and attempts > 0 and next_try_ts <= ? order by inbox_nid limit ?`,
);
const incomplete = query<WaitingRow>(
  `select room_nid, origin, count(*) as count from inbox where attempts > 0
   group by room_nid, origin order by room_nid, origin`,
);
const rest = query<{ count: number; next_try_ts: number | null }>(
  `select count(*) as count, min(next_try_ts) as next_try_ts from inbox
   where room_nid = ? and origin = ? and attempts > 0`,
);
const answer = query<{ answer: string }>(
  'select answer from received_transactions where origin = ? and transaction_id = ?',
);
const insertAnswer = query(
  `insert into received_transactions (origin, transaction_id, received_ts, answer)
   values (?, ?, ?, ?) on conflict do nothing`,
);
const trim = query(
  `delete from received_transactions where origin = ? and received_ts <
     (select received_ts from received_transactions where origin = ?
      order by received_ts desc limit 1 offset ?)`,
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

/**
 * An event that comes again, while it waits to be tried again, is tried at once; from another server as if it had come for the
 * first time, since that one may have what it stands on.
 */
export function insertInboxStatement(row: NewInboxRow): Statement {
  const { inboxNid, roomNid, eventId, origin, receivedTs, json } = row;
  return statement(insertEvent, inboxNid, roomNid, eventId, origin, receivedTs, json);
}

export function deleteInboxStatement({
  inbox_nid: inboxNid,
  origin,
}: Pick<InboxRow, 'inbox_nid' | 'origin'>): Statement {
  return statement(deleteEvent, inboxNid, origin);
}

/** Of what has come from another server meanwhile, nothing changes; the same goes for a deletion. */
export function postponeStatement(
  { inbox_nid: inboxNid, origin }: Pick<InboxRow, 'inbox_nid' | 'origin'>,
  attempts: number,
  nextTryTs: number,
): Statement {
  return statement(postpone, attempts, nextTryTs, inboxNid, origin);
}

/** The first events of the room that have not been tried, up to `limit`. */
export function readNext(reader: Reader, roomNid: number, limit: number): Promise<InboxRow[]> {
  return reader.all(nextOfRoom, roomNid, limit);
}

/** How many events of one server wait in one room. */
export interface WaitingEvents {
  readonly roomNid: number;
  readonly origin: string;
  readonly count: number;
}

/** Of events that have not been tried. */
export async function readWaiting(reader: Reader): Promise<WaitingEvents[]> {
  return (await reader.all(waitingOfRooms)).map(toWaiting);
}

export async function readWaitingOf(reader: Reader, roomNid: number): Promise<WaitingEvents[]> {
  return (await reader.all(waitingOfRoom, roomNid)).map(toWaiting);
}

/** Of events about which others are asked. */
export async function readIncomplete(reader: Reader): Promise<WaitingEvents[]> {
  return (await reader.all(incomplete)).map(toWaiting);
}

/** The first of these that may be tried, up to `limit`. */
export function readIncompleteNext(
  reader: Reader,
  roomNid: number,
  origin: string,
  now: number,
  limit: number,
): Promise<InboxRow[]> {
  return reader.all(nextIncomplete, roomNid, origin, now, limit);
}

/** How many of these are left, and when the first may be tried. */
export async function readIncompleteRest(
  reader: Reader,
  roomNid: number,
  origin: string,
): Promise<{ readonly count: number; readonly nextTryTs: number | undefined }> {
  const row = await reader.get(rest, roomNid, origin);
  return { count: row?.count ?? 0, nextTryTs: row?.next_try_ts ?? undefined };
}

function toWaiting({ room_nid: roomNid, origin, count }: WaitingRow): WaitingEvents {
  return { roomNid, origin, count };
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

/** Keeps the newest answers to a server. */
export function trimAnswersStatement(origin: string, kept: number): Statement {
  return statement(trim, origin, origin, kept);
}

export function pruneAnswersStatement(beforeTs: number): Statement {
  return statement(prune, beforeTs);
}
