import { Type } from 'typebox';

import type { JsonObject } from '@soma/protocol';

import { invalidParam, notFound } from '../errors/matrix-error.ts';
import {
  deleteEventReportStatement,
  deleteUserReportStatement,
  readEventReport,
  readEventReports,
  readUserReport,
  readUserReports,
} from '../moderation/report-store.ts';
import type { EventReport, ReportPage, UserReport } from '../moderation/report-store.ts';
import { write } from '../storage/database.ts';
import type { Database } from '../storage/database.ts';
import type { Statement } from '../storage/sql.ts';
import { adminEndpoint } from './services.ts';

const LIMIT_MAX = 10_000;

const eventReports = {
  spec: 'Synapse admin API: event reports',
  authentication: 'admin',
  errcodes: ['M_INVALID_PARAM', 'M_NOT_FOUND'],
} as const;
const userReports = { ...eventReports, spec: 'Synapse admin API: user reports' } as const;
const eventReportPaths = ['/_synapse/admin/v1/event_reports/{reportId}'] as const;
const userReportPaths = ['/_synapse/admin/v1/user_reports/{reportId}'] as const;

const page = {
  from: Type.Integer({ minimum: 0, default: 0 }),
  limit: Type.Integer({ minimum: 0, default: 100 }),
  dir: Type.Enum(['b', 'f'], { default: 'b' }),
  user_id: Type.Optional(Type.String()),
};

function pageOf(query: { from: number; limit: number; dir: 'b' | 'f' }): ReportPage {
  return { direction: query.dir, from: query.from, limit: Math.min(query.limit, LIMIT_MAX) };
}

/** `next_token` is there when there are more. */
function endOf({ from }: ReportPage, shown: number, total: number): object {
  return from + shown < total ? { total, next_token: from + shown } : { total };
}

export const listEventReports = adminEndpoint({
  ...eventReports,
  operationId: 'adminListEventReports',
  summary: 'List the reports of events',
  method: 'GET',
  paths: ['/_synapse/admin/v1/event_reports'],
  query: Type.Object({
    ...page,
    room_id: Type.Optional(Type.String()),
    event_sender_user_id: Type.Optional(Type.String()),
  }),
  async handle({ query }, { rooms }) {
    const { user_id: reporter, room_id: room, event_sender_user_id: senderId } = query;
    const wanted = pageOf(query);
    const filter = { reporter, room, senderId };
    const { reports, total } = await readEventReports(rooms.database.reader, filter, wanted);
    return { event_reports: reports.map(eventReportJson), ...endOf(wanted, reports.length, total) };
  },
});

export const getEventReport = adminEndpoint({
  ...eventReports,
  operationId: 'adminGetEventReport',
  summary: 'Show a report of an event',
  method: 'GET',
  paths: eventReportPaths,
  async handle({ params }, { rooms }) {
    const found = await readEventReport(rooms.database.reader, reportNidOf(params.reportId));
    if (found === undefined) throw noReport();
    const eventJson: JsonObject = JSON.parse(found.eventJson);
    return { ...eventReportJson(found.report), event_json: eventJson };
  },
});

export const deleteEventReport = adminEndpoint({
  ...eventReports,
  operationId: 'adminDeleteEventReport',
  summary: 'Delete a report of an event',
  method: 'DELETE',
  paths: eventReportPaths,
  async handle({ params }, { rooms }) {
    await remove(rooms.database, deleteEventReportStatement(reportNidOf(params.reportId)));
    return {};
  },
});

export const listUserReports = adminEndpoint({
  ...userReports,
  operationId: 'adminListUserReports',
  summary: 'List the reports of users',
  method: 'GET',
  paths: ['/_synapse/admin/v1/user_reports'],
  query: Type.Object({ ...page, target_user_id: Type.Optional(Type.String()) }),
  async handle({ query }, { rooms }) {
    const { user_id: reporter, target_user_id: target } = query;
    const wanted = pageOf(query);
    const { reader } = rooms.database;
    const { reports, total } = await readUserReports(reader, { reporter, target }, wanted);
    return { user_reports: reports.map(userReportJson), ...endOf(wanted, reports.length, total) };
  },
});

export const getUserReport = adminEndpoint({
  ...userReports,
  operationId: 'adminGetUserReport',
  summary: 'Show a report of a user',
  method: 'GET',
  paths: userReportPaths,
  async handle({ params }, { rooms }) {
    const found = await readUserReport(rooms.database.reader, reportNidOf(params.reportId));
    if (found === undefined) throw noReport();
    return userReportJson(found);
  },
});

export const deleteUserReport = adminEndpoint({
  ...userReports,
  operationId: 'adminDeleteUserReport',
  summary: 'Delete a report of a user',
  method: 'DELETE',
  paths: userReportPaths,
  async handle({ params }, { rooms }) {
    await remove(rooms.database, deleteUserReportStatement(reportNidOf(params.reportId)));
    return {};
  },
});

function reportNidOf(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw invalidParam('The report ID must be a number');
  return Number(text);
}

function noReport(): Error {
  return notFound('Report not found');
}

async function remove(database: Database, deletion: Statement): Promise<void> {
  const { rows } = await write(database, { statements: [deletion], returning: [0], positions: 0 });
  if (rows[0]?.length === 0) throw noReport();
}

function eventReportJson(report: EventReport): object {
  return {
    id: report.reportNid,
    received_ts: report.receivedTs,
    room_id: report.roomId,
    event_id: report.eventId,
    user_id: report.reporterId,
    sender: report.senderId,
    reason: report.reason ?? null,
    score: report.score ?? null,
    name: report.roomName ?? null,
    canonical_alias: report.canonicalAlias ?? null,
  };
}

function userReportJson(report: UserReport): object {
  return {
    id: report.reportNid,
    received_ts: report.receivedTs,
    target_user_id: report.targetId,
    user_id: report.reporterId,
    reason: report.reason,
  };
}
