import { notFound } from '../errors/matrix-error.ts';
import { readEventById } from '../rooms/event-store.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { viewEvents } from '../rooms/view-events.ts';
import type { Viewer } from '../rooms/viewer.ts';
import { readAt, write } from '../storage/database.ts';
import type { Statement } from '../storage/sql.ts';
import {
  insertEventReportStatement,
  insertRoomReportStatement,
  insertUserReportStatement,
} from './report-store.ts';
import type { NewReport } from './report-store.ts';

/** Keeps a report of an event for those who run the server. Throws `404 M_NOT_FOUND`. */
export async function reportEvent(
  rooms: Rooms,
  reporter: Viewer,
  roomId: string,
  eventId: string,
  { reason, score }: { readonly reason: string | undefined; readonly score: number | undefined },
): Promise<void> {
  const event = await readAt(rooms.database, async (reader) => {
    const roomNid = await rooms.names.rooms.find(roomId);
    const row = await readEventById(reader, eventId);
    if (roomNid === undefined || row?.room_nid !== roomNid) return undefined;
    if (!(await rooms.isJoined(reader, reporter.userNid, roomNid))) return undefined;
    const [viewed] = await viewEvents(rooms, reader, reporter, roomNid, [row]);
    return viewed?.event;
  });
  if (event === undefined) throw notFound('There is no such event, or you may not see it');
  await keep(rooms, insertEventReportStatement(newReport(rooms, reporter), event, reason, score));
}

/** Keeps a report of a user. Throws `404 M_NOT_FOUND` for one of whom this server has never heard. */
export async function reportUser(
  rooms: Rooms,
  reporter: Viewer,
  userId: string,
  reason: string,
): Promise<void> {
  const targetNid = await rooms.names.users.find(userId);
  if (targetNid === undefined) throw notFound('User not found');
  await keep(rooms, insertUserReportStatement(newReport(rooms, reporter), targetNid, reason));
}

/** Keeps a report of a room, in which the reporter need not be. Throws `404 M_NOT_FOUND`. */
export async function reportRoom(
  rooms: Rooms,
  reporter: Viewer,
  roomId: string,
  reason: string,
): Promise<void> {
  const roomNid = await rooms.names.rooms.find(roomId);
  const version =
    roomNid === undefined ? undefined : await rooms.versions.of(rooms.database.reader, roomNid);
  if (roomNid === undefined || version === undefined) throw notFound('Room not found');
  await keep(rooms, insertRoomReportStatement(newReport(rooms, reporter), roomNid, reason));
}

function newReport(rooms: Rooms, { userNid }: Viewer): NewReport {
  return { receivedTs: rooms.now(), reporterNid: userNid };
}

async function keep(rooms: Rooms, report: Statement): Promise<void> {
  await write(rooms.database, { statements: [report], positions: 0 });
}
