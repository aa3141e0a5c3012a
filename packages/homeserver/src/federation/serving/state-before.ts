import { forbidden, notFound } from '../../errors/matrix-error.ts';
import { EventFlag, readEventById } from '../../rooms/event-store.ts';
import type { EventRow } from '../../rooms/event-store.ts';
import { readAuthChain } from '../../rooms/read-auth-chain.ts';
import { toStoredEvent } from '../../rooms/stored-event.ts';
import type { Reader } from '../../storage/sql.ts';
import { admitServer } from './admit-server.ts';
import type { ServerAccess } from './admit-server.ts';
import { ServerVisibility } from './server-visibility.ts';
import type { Serving } from './serving.ts';

/** The state before an event, and what authorises it; both by event nids. */
export interface StateBefore {
  readonly access: ServerAccess;
  readonly state: readonly number[];
  readonly authChain: ReadonlySet<number>;
}

/** What precedes the event is not known, or what it makes of the room is not. */
const UNKNOWN_STATE = EventFlag.outlier | EventFlag.partialState;

/**
 * The state before an event (SS API, `GET /state/{roomId}`, `GET /state_ids/{roomId}`). Throws `404 M_NOT_FOUND`,
 * `403 M_FORBIDDEN`.
 */
export async function stateBefore(
  serving: Serving,
  origin: string,
  roomId: string,
  eventId: string,
): Promise<StateBefore> {
  const access = await admitServer(serving, origin, roomId);
  const { reader } = serving.rooms.database;
  const row = await readEventOf(serving, reader, access, eventId);
  const snapshotNid = row.state_before;
  if (snapshotNid === null || (row.flags & UNKNOWN_STATE) !== 0) {
    throw notFound('This server does not know the state at that event');
  }
  return serving.largeAnswers.run(async () => {
    const state = [...(await serving.rooms.states.read(snapshotNid)).eventNids];
    return { access, state, authChain: await readAuthChain(reader, state) };
  });
}

/** What authorises an event, by event nids (SS API, `GET /event_auth/{roomId}/{eventId}`). */
export async function authChainOf(
  serving: Serving,
  origin: string,
  roomId: string,
  eventId: string,
): Promise<Pick<StateBefore, 'access' | 'authChain'>> {
  const access = await admitServer(serving, origin, roomId);
  const { reader } = serving.rooms.database;
  const row = await readEventOf(serving, reader, access, eventId);
  return { access, authChain: await readAuthChain(reader, [row.event_nid]) };
}

/** An event of the room that the server may see, or that it needs to place others. */
async function readEventOf(
  serving: Serving,
  reader: Reader,
  access: ServerAccess,
  eventId: string,
): Promise<EventRow> {
  const row = await readEventById(reader, eventId);
  if (row === undefined || row.room_nid !== access.roomNid) {
    throw notFound('There is no such event in this room');
  }
  if (access.needsGraph) return row;
  const showings = await new ServerVisibility(serving, reader, access).decide([
    toStoredEvent(row, access.version),
  ]);
  if (showings.get(row.event_nid) === 'whole') return row;
  throw forbidden(`${access.origin} is not in the room, and may not see the event`);
}
