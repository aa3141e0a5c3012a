import { notFound } from '../errors/matrix-error.ts';
import { readAt } from '../storage/database.ts';
import { timeQueries } from './event-store.ts';
import { readRoomAccess } from './room-access.ts';
import type { Rooms } from './rooms.ts';
import { viewEvents } from './view-events.ts';
import type { Viewer } from './viewer.ts';

/** Which event of a room is asked for (CS API, `GET /rooms/{roomId}/timestamp_to_event`). */
export interface TimeRequest {
  readonly viewer: Viewer;
  readonly roomId: string;
  readonly timestampMs: number;
  readonly direction: 'b' | 'f';
}

export interface EventAtTime {
  readonly event_id: string;
  readonly origin_server_ts: number;
}

const ROWS_AT_ONCE = 50;
/** So many events that the viewer may not see are looked past. */
const ROWS_MAX = 5_000;

/** The event closest to a time that the viewer may see. Throws `404 M_NOT_FOUND`, `403 M_FORBIDDEN`. */
export function findEventByTime(rooms: Rooms, request: TimeRequest): Promise<EventAtTime> {
  return readAt(rooms.database, async (reader) => {
    const { viewer, roomId, direction } = request;
    const { roomNid } = await readRoomAccess(rooms, reader, viewer, roomId);
    let [time, order] = [request.timestampMs, direction === 'f' ? NEGATIVE : POSITIVE];
    for (let read = 0; read < ROWS_MAX; read += ROWS_AT_ONCE) {
      const of = direction === 'f' ? timeQueries.from : timeQueries.before;
      const rows = await reader.all(of, roomNid, time, time, order, ROWS_AT_ONCE);
      const [found] = await viewEvents(rooms, reader, viewer, roomNid, rows);
      if (found !== undefined) {
        const { eventId, pdu } = found.event;
        return { event_id: eventId, origin_server_ts: pdu.origin_server_ts };
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < ROWS_AT_ONCE) break;
      time = last.origin_server_ts;
      order = last.event_order ?? 0;
    }
    const where = direction === 'f' ? 'after' : 'before';
    throw notFound(`There is no event at or ${where} ${request.timestampMs} that you may see`);
  });
}

const NEGATIVE = Number.MIN_SAFE_INTEGER;
const POSITIVE = Number.MAX_SAFE_INTEGER;
