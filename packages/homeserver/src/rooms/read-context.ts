import { matchesEvent, matchesRoom } from '@soma/protocol';
import type { JsonObject, RoomEventFilter } from '@soma/protocol';

import { notFound } from '../errors/matrix-error.ts';
import { readAt } from '../storage/database.ts';
import type { Reader } from '../storage/sql.ts';
import { readEventById } from './event-store.ts';
import { formatHistoryToken } from './pagination-token.ts';
import type { HistoryPlace } from './pagination-token.ts';
import { collectHistory } from './read-messages.ts';
import { checkNotForgotten, loadState } from './read-state.ts';
import { bundleRelations } from './relations/bundle-relations.ts';
import type { Rooms } from './rooms.ts';
import { stateEventsJson } from './state-json.ts';
import { readSnapshot } from './state-store.ts';
import type { StoredEvent } from './stored-event.ts';
import { viewEvents } from './view-events.ts';
import type { Viewer } from './viewer.ts';

/** What surrounds an event (CS API, `GET /rooms/{roomId}/context/{eventId}`). */
export interface ContextRequest {
  readonly viewer: Viewer;
  readonly roomId: string;
  readonly eventId: string;
  /** Of the events before and after together. */
  readonly limit: number;
  readonly filter: RoomEventFilter;
}

/** An event with what was said around it, as far as the viewer may see it. Throws `404 M_NOT_FOUND`. */
export function readContext(rooms: Rooms, request: ContextRequest): Promise<JsonObject> {
  return readAt(rooms.database, async (reader) => {
    const { viewer, roomId, limit, filter } = request;
    const roomNid = await rooms.names.rooms.find(roomId);
    const row = await readEventById(reader, request.eventId);
    const [viewed] =
      roomNid === undefined || row?.room_nid !== roomNid
        ? []
        : await bundleRelations(
            { rooms, reader, viewer, roomNid },
            await viewEvents(rooms, reader, viewer, roomNid, [row]),
          );
    if (roomNid === undefined || viewed === undefined || viewed.event.order === null) {
      throw notFound('There is no such event, or you may not see it');
    }
    await checkNotForgotten(rooms, reader, viewer, roomId, roomNid);
    const at: HistoryPlace = { depth: viewed.event.depth, order: viewed.event.order };
    const after: HistoryPlace = { depth: at.depth, order: at.order + 1 };
    const nothing = { events: [], end: undefined };
    const page = (direction: 'b' | 'f', from: HistoryPlace, wanted: number) =>
      wanted === 0 || !matchesRoom(filter, roomId)
        ? nothing
        : collectHistory(
            rooms,
            reader,
            roomNid,
            { direction, viewer, filter, limit: wanted },
            from,
            undefined,
          );
    const before = await page('b', at, Math.floor(limit / 2));
    const later = await page('f', after, Math.ceil(limit / 2));
    const shown = [viewed, ...before.events, ...later.events].map(({ event }) => event);
    const last = later.events.at(-1)?.event ?? viewed.event;
    return {
      start: formatHistoryToken(before.end ?? placeBefore(before.events.at(-1)?.event, at)),
      end: formatHistoryToken(later.end ?? placeAfter(last)),
      event: viewed.client,
      events_before: before.events.map(({ client }) => client),
      events_after: later.events.map(({ client }) => client),
      state: await readStateAfter(rooms, reader, request, last, shown),
    };
  });
}

function placeBefore(oldest: StoredEvent | undefined, at: HistoryPlace): HistoryPlace {
  if (oldest === undefined || oldest.order === null) return at;
  return { depth: oldest.depth, order: oldest.order };
}

function placeAfter({ depth, order }: StoredEvent): HistoryPlace {
  return { depth, order: (order ?? 0) + 1 };
}

/** The state at the last event returned; of members only the senders', when they are loaded lazily. */
async function readStateAfter(
  rooms: Rooms,
  reader: Reader,
  { filter, roomId }: ContextRequest,
  last: StoredEvent,
  shown: readonly StoredEvent[],
): Promise<JsonObject[]> {
  if (last.stateBefore === null || !matchesRoom(filter, roomId)) return [];
  const state = await readSnapshot(reader, last.stateBefore);
  if (last.stateKeyNid !== null) state.set(last.stateKeyNid, last.eventNid);
  const senders = new Set(shown.map(({ pdu }) => pdu.sender));
  if (filter.lazyLoadMembers) {
    for (const keyNid of state.keys()) {
      const { type, stateKey } = await rooms.names.stateKeys.pair(keyNid);
      if (type === 'm.room.member' && !senders.has(stateKey)) state.delete(keyNid);
    }
  }
  const events = await loadState(rooms, reader, last.roomNid, [...state.values()]);
  const wanted = events.filter(({ pdu }) => matchesEvent(filter, pdu));
  return stateEventsJson(rooms, reader, wanted, roomId);
}
