import { escapeText, unescapeText } from '../storage/escape-text.ts';
import { query, statement } from '../storage/sql.ts';
import type { Query, Reader, Statement } from '../storage/sql.ts';

/** The writer is alone: the number that it reads is taken by nobody else. */
const nextNid = (table: string): string =>
  `(select coalesce(max(report_nid), 0) + 1 from ${table})`;
const insertEventReport = query(
  `insert into event_reports (report_nid, received_ts, reporter_nid, event_nid, room_nid, sender_nid,
     reason, score)
   values (${nextNid('event_reports')}, ?, ?, ?, ?, ?, ?, ?)`,
);
const insertUserReport = query(
  `insert into user_reports (report_nid, received_ts, reporter_nid, target_nid, reason)
   values (${nextNid('user_reports')}, ?, ?, ?, ?)`,
);
const insertRoomReport = query(
  `insert into room_reports (report_nid, received_ts, reporter_nid, room_nid, reason)
   values (${nextNid('room_reports')}, ?, ?, ?, ?)`,
);

interface EventReportRow {
  readonly report_nid: number;
  readonly received_ts: number;
  readonly reporter: string;
  readonly sender: string;
  readonly event_id: string;
  readonly room_id: string;
  readonly reason: string | null;
  readonly score: number | null;
  readonly name: string | null;
  readonly canonical_alias: string | null;
}

const eventReports = `from event_reports r join users u on u.user_nid = r.reporter_nid
  join users s on s.user_nid = r.sender_nid join rooms m on m.room_nid = r.room_nid
  join events e on e.event_nid = r.event_nid left join room_details d on d.room_nid = r.room_nid`;
const eventReportColumns = `r.report_nid, r.received_ts, u.user_id as reporter, s.user_id as sender,
  e.event_id, m.room_id, r.reason, r.score, d.name, d.canonical_alias`;
/** (reporter, room, sender) as patterns */
const eventReportFilter = `u.user_id like ? escape '!' and m.room_id like ? escape '!'
  and s.user_id like ? escape '!'`;
const eventReportPages = pages<EventReportRow>(
  `select ${eventReportColumns} ${eventReports} where ${eventReportFilter}`,
);
const countEventReports = query<{ count: number }>(
  `select count(*) as count ${eventReports} where ${eventReportFilter}`,
);
const oneEventReport = query<EventReportRow & { readonly json: string }>(
  `select ${eventReportColumns}, e.json ${eventReports} where r.report_nid = ?`,
);
const deleteEventReport = query(
  'delete from event_reports where report_nid = ? returning report_nid',
);

interface UserReportRow {
  readonly report_nid: number;
  readonly received_ts: number;
  readonly reporter: string;
  readonly target: string;
  readonly reason: string;
}

const userReports = `from user_reports r join users u on u.user_nid = r.reporter_nid
  join users t on t.user_nid = r.target_nid`;
const userReportColumns =
  'r.report_nid, r.received_ts, u.user_id as reporter, t.user_id as target, r.reason';
/** (reporter, target) as patterns */
const userReportFilter = `u.user_id like ? escape '!' and t.user_id like ? escape '!'`;
const userReportPages = pages<UserReportRow>(
  `select ${userReportColumns} ${userReports} where ${userReportFilter}`,
);
const countUserReports = query<{ count: number }>(
  `select count(*) as count ${userReports} where ${userReportFilter}`,
);
const oneUserReport = query<UserReportRow>(
  `select ${userReportColumns} ${userReports} where r.report_nid = ?`,
);
const deleteUserReport = query(
  'delete from user_reports where report_nid = ? returning report_nid',
);

type Direction = 'b' | 'f';

/** The newest first, or the oldest. */
function pages<Row>(text: string): Readonly<Record<Direction, Query<Row>>> {
  return {
    b: query<Row>(`${text} order by r.report_nid desc limit ? offset ?`),
    f: query<Row>(`${text} order by r.report_nid limit ? offset ?`),
  };
}

export interface EventReport {
  readonly reportNid: number;
  readonly receivedTs: number;
  readonly reporterId: string;
  readonly senderId: string;
  readonly eventId: string;
  readonly roomId: string;
  readonly reason: string | undefined;
  readonly score: number | undefined;
  readonly roomName: string | undefined;
  readonly canonicalAlias: string | undefined;
}

export interface UserReport {
  readonly reportNid: number;
  readonly receivedTs: number;
  readonly reporterId: string;
  readonly targetId: string;
  readonly reason: string;
}

export interface ReportPage {
  readonly direction: Direction;
  readonly from: number;
  readonly limit: number;
}

export interface NewReport {
  readonly receivedTs: number;
  readonly reporterNid: number;
}

export function insertEventReportStatement(
  { receivedTs, reporterNid }: NewReport,
  event: { readonly eventNid: number; readonly roomNid: number; readonly senderNid: number },
  reason: string | undefined,
  score: number | undefined,
): Statement {
  const { eventNid, roomNid, senderNid } = event;
  const text = reason === undefined ? null : escapeText(reason);
  const about = [eventNid, roomNid, senderNid] as const;
  return statement(insertEventReport, receivedTs, reporterNid, ...about, text, score ?? null);
}

export function insertUserReportStatement(
  { receivedTs, reporterNid }: NewReport,
  targetNid: number,
  reason: string,
): Statement {
  return statement(insertUserReport, receivedTs, reporterNid, targetNid, escapeText(reason));
}

export function insertRoomReportStatement(
  { receivedTs, reporterNid }: NewReport,
  roomNid: number,
  reason: string,
): Statement {
  return statement(insertRoomReport, receivedTs, reporterNid, roomNid, escapeText(reason));
}

/** Which event reports; the reporter and the room by a part of their ID. */
export interface EventReportFilter {
  readonly reporter: string | undefined;
  readonly room: string | undefined;
  readonly senderId: string | undefined;
}

export async function readEventReports(
  reader: Reader,
  { reporter, room, senderId }: EventReportFilter,
  { direction, from, limit }: ReportPage,
): Promise<{ readonly reports: readonly EventReport[]; readonly total: number }> {
  const filter = [containing(reporter), containing(room), exactly(senderId)] as const;
  const rows = await reader.all(eventReportPages[direction], ...filter, limit, from);
  const total = (await reader.get(countEventReports, ...filter))?.count ?? 0;
  return { reports: rows.map(toEventReport), total };
}

/** One report with the event's JSON. */
export async function readEventReport(
  reader: Reader,
  reportNid: number,
): Promise<{ readonly report: EventReport; readonly eventJson: string } | undefined> {
  const row = await reader.get(oneEventReport, reportNid);
  return row === undefined ? undefined : { report: toEventReport(row), eventJson: row.json };
}

export function deleteEventReportStatement(reportNid: number): Statement {
  return statement(deleteEventReport, reportNid);
}

export async function readUserReports(
  reader: Reader,
  {
    reporter,
    target,
  }: { readonly reporter: string | undefined; readonly target: string | undefined },
  { direction, from, limit }: ReportPage,
): Promise<{ readonly reports: readonly UserReport[]; readonly total: number }> {
  const filter = [containing(reporter), containing(target)] as const;
  const rows = await reader.all(userReportPages[direction], ...filter, limit, from);
  const total = (await reader.get(countUserReports, ...filter))?.count ?? 0;
  return { reports: rows.map(toUserReport), total };
}

export async function readUserReport(
  reader: Reader,
  reportNid: number,
): Promise<UserReport | undefined> {
  const row = await reader.get(oneUserReport, reportNid);
  return row === undefined ? undefined : toUserReport(row);
}

export function deleteUserReportStatement(reportNid: number): Statement {
  return statement(deleteUserReport, reportNid);
}

function containing(part: string | undefined): string {
  return part === undefined ? '%' : `%${quoted(part)}%`;
}

function exactly(text: string | undefined): string {
  return text === undefined ? '%' : quoted(text);
}

function quoted(text: string): string {
  return escapeText(text).replaceAll(/[!%_]/g, '!$&');
}

function toEventReport(row: EventReportRow): EventReport {
  return {
    reportNid: row.report_nid,
    receivedTs: row.received_ts,
    reporterId: unescapeText(row.reporter),
    senderId: unescapeText(row.sender),
    eventId: row.event_id,
    roomId: unescapeText(row.room_id),
    reason: fromColumn(row.reason),
    score: row.score ?? undefined,
    roomName: fromColumn(row.name),
    canonicalAlias: fromColumn(row.canonical_alias),
  };
}

function toUserReport(row: UserReportRow): UserReport {
  return {
    reportNid: row.report_nid,
    receivedTs: row.received_ts,
    reporterId: unescapeText(row.reporter),
    targetId: unescapeText(row.target),
    reason: unescapeText(row.reason),
  };
}

function fromColumn(value: string | null): string | undefined {
  return value === null ? undefined : unescapeText(value);
}
