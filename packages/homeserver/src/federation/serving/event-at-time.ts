import { notFound } from '../../errors/matrix-error.ts';
import { HIDDEN_FLAGS, timeQueries } from '../../rooms/event-store.ts';
import { toStoredEvent } from '../../rooms/stored-event.ts';
import { admitServer } from './admit-server.ts';
import { eventsLookedPastMax } from './limits.ts';
import { ServerVisibility } from './server-visibility.ts';
import type { Serving } from './serving.ts';

export interface ServerTimeRequest {
  readonly origin: string;
  readonly roomId: string;
  readonly timestampMs: number;
  readonly direction: 'b' | 'f';
}

const ROWS_AT_ONCE = 50;

/**
 * The event closest to a time that the server may see (SS API, `GET /timestamp_to_event/{roomId}`), of those that this
 * server has. Throws `404 M_NOT_FOUND`.
 */
export async function eventAtTime(
  serving: Serving,
  { origin, roomId, timestampMs, direction }: ServerTimeRequest,
): Promise<{ event_id: string; origin_server_ts: number }> {
  const access = await admitServer(serving, origin, roomId);
  const { roomNid, version } = access;
  const of = direction === 'f' ? timeQueries.from : timeQueries.before;
  return serving.rooms.database.read(async (reader) => {
    const visibility = new ServerVisibility(serving, reader, access);
    let time = timestampMs;
    let order = direction === 'f' ? Number.MIN_SAFE_INTEGER : Number.MAX_SAFE_INTEGER;
    for (let read = 0; read < eventsLookedPastMax; read += ROWS_AT_ONCE) {
      const rows = await reader.all(of, roomNid, time, time, order, ROWS_AT_ONCE);
      const events = rows
        .filter(({ flags }) => (flags & HIDDEN_FLAGS) === 0)
        .map((row) => toStoredEvent(row, version));
      const showings = await visibility.decide(events);
      const found = events.find(({ eventNid }) => showings.get(eventNid) === 'whole');
      if (found !== undefined) {
        return { event_id: found.eventId, origin_server_ts: found.pdu.origin_server_ts };
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < ROWS_AT_ONCE) break;
      time = last.origin_server_ts;
      order = last.event_order ?? 0;
    }
    const where = direction === 'f' ? 'after' : 'before';
    throw notFound(`There is no event at or ${where} ${timestampMs} that ${origin} may see`);
  });
}
