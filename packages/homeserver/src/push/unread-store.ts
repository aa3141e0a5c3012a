import { integerList, query, statement } from '../storage/sql.ts';
import type { Query, Reader, SqlParam, SqlValue, Statement } from '../storage/sql.ts';

/** What notifies in one thread of a room, for members with one rule set. */
export interface NumberLine {
  readonly roomNid: number;
  readonly ruleSetNid: number;
  readonly threadNid: number;
}

/** The part of a line in (`above`, `upTo`]. */
export interface NumberSpan extends NumberLine {
  readonly above: number;
  readonly upTo: number;
}

/** How many events notify, and how many of them with a highlight. */
export interface UnreadCount {
  readonly notify: number;
  readonly highlight: number;
}

/** By how much an event counts differently for one member than for all with the same rule set. */
export interface Correction extends NumberLine {
  readonly position: number;
  readonly notifyDelta: number;
  readonly highlightDelta: number;
}

const lastNumber = (column: string): string =>
  `coalesce((select ${column} from unread_numbers
     where room_nid = ? and rule_set_nid = ? and thread_nid = ?
     order by position desc limit 1), 0)`;
const insertNumber = query(
  `insert into unread_numbers (room_nid, rule_set_nid, thread_nid, position, notify_number,
     highlight_number, highlights)
   values (?, ?, ?, ?, ${lastNumber('notify_number')} + 1, ${lastNumber('highlight_number')} + ?, ?)`,
);
const putThread = query(
  `insert into unread_threads (room_nid, thread_nid, rule_set_nid, last_position)
   values (?, ?, ?, ?)
   on conflict (room_nid, thread_nid, rule_set_nid) do update
     set last_position = excluded.last_position`,
);
const linesOfMain = query<{ rule_set_nid: number }>(
  'select rule_set_nid from unread_threads where room_nid = ? and thread_nid = 0',
);
const insertRedactions = query(
  `insert into unread_redactions (room_nid, rule_set_nid, thread_nid, position, highlights)
   select n.room_nid, n.rule_set_nid, n.thread_nid, n.position, n.highlights
   from unread_threads t join unread_numbers n
     on n.room_nid = t.room_nid and n.rule_set_nid = t.rule_set_nid
       and n.thread_nid = t.thread_nid and n.position = ?
   where t.room_nid = ? and t.thread_nid =
     coalesce((select thread_nid from event_threads where event_nid = ?), 0)
   on conflict do nothing`,
);
const insertCorrection = query(
  `insert into unread_corrections (user_nid, room_nid, thread_nid, position, rule_set_nid,
     notify_delta, highlight_delta)
   values (?, ?, ?, ?, ?, ?, ?)`,
);
const deleteReadCorrections = query(
  `delete from unread_corrections
   where user_nid = ? and room_nid = ? and thread_nid = ? and position <= coalesce(
     (select max(position) from read_positions
      where user_nid = ? and room_nid = ? and thread_nid in (-1, ?)), 0)`,
);
const deleteCorrectionsOfEvent = query(
  'delete from unread_corrections where room_nid = ? and position = ?',
);
const correctionsOf = query<{
  room_nid: number;
  position: number;
  rule_set_nid: number;
  thread_nid: number;
  notify_delta: number;
  highlight_delta: number;
}>(
  `select room_nid, position, rule_set_nid, thread_nid, notify_delta, highlight_delta
   from unread_corrections where user_nid = ? and room_nid {in} and position <= ?`,
);
const threadsWithNews = query<{ room_nid: number; rule_set_nid: number; thread_nid: number }>(
  `select t.room_nid, t.rule_set_nid, t.thread_nid from read_positions b
   join unread_threads t on t.room_nid = b.room_nid and t.last_position > b.position
   where b.user_nid = ? and b.thread_nid = -1 and b.room_nid {in} and t.thread_nid > 0`,
);

/** Counts one more event that notifies, at its position. The first of a line must be followed by its thread. */
export function countEventStatement(
  { roomNid, ruleSetNid, threadNid }: NumberLine,
  position: SqlParam,
  isHighlight: boolean,
): Statement {
  const line = [roomNid, ruleSetNid, threadNid] as const;
  const highlights = isHighlight ? 1 : 0;
  return statement(insertNumber, ...line, position, ...line, ...line, highlights, highlights);
}

/** Notes that a line has numbers; for a thread, each time that it has a new one. */
export function putUnreadThreadStatement(line: NumberLine, lastPosition: SqlParam): Statement {
  return statement(putThread, line.roomNid, line.threadNid, line.ruleSetNid, lastPosition);
}

/** Rule sets that have numbers in the main timeline of a room. */
export async function readLinesOfMain(reader: Reader, roomNid: number): Promise<number[]> {
  return (await reader.all(linesOfMain, roomNid)).map((row) => row.rule_set_nid);
}

/** Takes an event out of the counts of all who have not read it. */
export function uncountEventStatements(
  roomNid: number,
  eventNid: number,
  position: number,
): Statement[] {
  return [
    statement(insertRedactions, position, roomNid, eventNid),
    statement(deleteCorrectionsOfEvent, roomNid, position),
  ];
}

/** Corrects an event's count for one user, and forgets what the user has read of earlier ones in its thread. */
export function correctStatements(
  userNid: number,
  correction: Omit<Correction, 'position'>,
  position: SqlParam,
): Statement[] {
  const { roomNid, ruleSetNid, threadNid, notifyDelta, highlightDelta } = correction;
  const thread = [userNid, roomNid, threadNid] as const;
  return [
    statement(deleteReadCorrections, ...thread, ...thread),
    statement(insertCorrection, ...thread, position, ruleSetNid, notifyDelta, highlightDelta),
  ];
}

/** A user's corrections at or below a position; those that are read may be absent. */
export async function readCorrections(
  reader: Reader,
  userNid: number,
  roomNids: readonly number[],
  upTo: number,
): Promise<Correction[]> {
  const rows = await reader.all(correctionsOf, userNid, integerList(roomNids), upTo);
  return rows.map((row) => ({
    roomNid: row.room_nid,
    position: row.position,
    ruleSetNid: row.rule_set_nid,
    threadNid: row.thread_nid,
    notifyDelta: row.notify_delta,
    highlightDelta: row.highlight_delta,
  }));
}

/** Lines in threads that notified since the user last read a room whatever the thread. */
export async function readThreadsWithNews(
  reader: Reader,
  userNid: number,
  roomNids: readonly number[],
): Promise<NumberLine[]> {
  const rows = await reader.all(threadsWithNews, userNid, integerList(roomNids));
  return rows.map((row) => ({
    roomNid: row.room_nid,
    ruleSetNid: row.rule_set_nid,
    threadNid: row.thread_nid,
  }));
}

/** One query for so many spans at a time; what is missing is filled up with spans of nothing. */
const spanQueries = [1, 8, 64].map((size) => ({ size, counts: spanQuery(size) }));
const SPANS_MAX = 64;

function spanQuery(size: number): Query<{ place: number; notify: number; highlight: number }> {
  const row = `(${Array.from({ length: 6 }, () => 'cast(? as bigint)').join(', ')})`;
  const lineOf = (table: string): string =>
    `${table}.room_nid = s.room_nid and ${table}.rule_set_nid = s.rule_set_nid
      and ${table}.thread_nid = s.thread_nid`;
  const numberAt = (column: string, position: string): string =>
    `coalesce((select n.${column} from unread_numbers n
      where ${lineOf('n')} and n.position <= ${position} order by n.position desc limit 1), 0)`;
  const redacted = (value: string): string =>
    `coalesce((select ${value} from unread_redactions r
      where ${lineOf('r')} and r.position > s.above and r.position <= s.up_to), 0)`;
  const counted = (column: string, less: string): string =>
    `${numberAt(column, 's.up_to')} - ${numberAt(column, 's.above')} - ${redacted(less)}`;
  return query(
    `with s (place, room_nid, rule_set_nid, thread_nid, above, up_to) as
       (values ${Array.from({ length: size }, () => row).join(', ')})
     select s.place, ${counted('notify_number', 'count(*)')} as notify,
       ${counted('highlight_number', 'sum(r.highlights)')} as highlight
     from s where s.place >= 0`,
  );
}

/** The counts of spans, in their order, not corrected. */
export async function readSpanCounts(
  reader: Reader,
  spans: readonly NumberSpan[],
): Promise<UnreadCount[]> {
  const counts: UnreadCount[] = [];
  for (let start = 0; start < spans.length; start += SPANS_MAX) {
    const part = spans.slice(start, start + SPANS_MAX);
    const fitting = spanQueries.find(({ size }) => size >= part.length);
    if (fitting === undefined) throw new Error('more spans than a query takes');
    const rows = await reader.all(fitting.counts, ...spanParams(part, fitting.size));
    for (const { place, notify, highlight } of rows) counts[start + place] = { notify, highlight };
  }
  return counts;
}

function spanParams(spans: readonly NumberSpan[], size: number): SqlValue[] {
  const params: SqlValue[] = [];
  for (let place = 0; place < size; place += 1) {
    const span = spans[place];
    if (span === undefined) params.push(-1, 0, 0, 0, 0, 0);
    else {
      const { roomNid, ruleSetNid, threadNid, above, upTo } = span;
      params.push(place, roomNid, ruleSetNid, threadNid, above, upTo);
    }
  }
  return params;
}
