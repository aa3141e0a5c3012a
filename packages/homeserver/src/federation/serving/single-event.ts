import { forbidden, notFound } from '../../errors/matrix-error.ts';
import { EventFlag, readEventById } from '../../rooms/event-store.ts';
import { admitServer } from './admit-server.ts';
import type { Serving } from './serving.ts';
import { shownEvents } from './shown-events.ts';

/** JSON text of one event (SS API, `GET /event/{eventId}`). Throws `404 M_NOT_FOUND`, `403 M_FORBIDDEN`. */
export async function singleEvent(
  serving: Serving,
  origin: string,
  eventId: string,
): Promise<string> {
  const { database, names } = serving.rooms;
  const row = await readEventById(database.reader, eventId);
  if (row === undefined || (row.flags & EventFlag.rejected) !== 0) {
    throw notFound('There is no such event');
  }
  const access = await admitServer(serving, origin, await names.rooms.text(row.room_nid));
  const [shown] = await database.read((reader) => shownEvents(serving, reader, access, [row]));
  if (shown === undefined) throw forbidden(`${origin} may not see the event`);
  return shown;
}
