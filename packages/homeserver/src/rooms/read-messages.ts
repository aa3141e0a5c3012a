import { matchesEvent, matchesRoom } from '@soma/protocol';
import type { JsonObject, RoomEventFilter } from '@soma/protocol';

import { readAt } from '../storage/database.ts';
import type { Reader } from '../storage/sql.ts';
import { readEvents, timelineQueries } from './event-store.ts';
import type { EventRow } from './event-store.ts';
import { formatHistoryToken, parsePaginationToken } from './pagination-token.ts';
import type { HistoryPlace } from './pagination-token.ts';
import { bundleRelations } from './relations/bundle-relations.ts';
import { readRoomAccess } from './room-access.ts';
import type { RoomAccess } from './room-access.ts';
import type { Rooms } from './rooms.ts';
import { stateEventsJson } from './state-json.ts';
import { readSnapshotKey } from './state-store.ts';
import { toStoredEvent } from './stored-event.ts';
import { viewEvents } from './view-events.ts';
import type { ViewedEvent } from './view-events.ts';
import type { Viewer } from './viewer.ts';

/** One page of a room's history (CS API, `GET /rooms/{roomId}/messages`). */
export interface MessagesRequest {
  readonly viewer: Viewer;
  readonly roomId: string;
  readonly direction: 'b' | 'f';
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly limit: number;
  readonly filter: RoomEventFilter;
}

export interface MessagesPage {
  readonly start: string;
  /** Absent when there is nothing further in this direction. */
  readonly end?: string;
  readonly chunk: readonly JsonObject[];
  /** Member events of the senders, when members are loaded lazily. */
  readonly state?: readonly JsonObject[];
}

const LIMIT_MAX = 1_000;
/** How many rows one page looks through for events that the filter and the visibility let through. */
const ROWS_MAX = 5_000;
const END_OF_HISTORY: HistoryPlace = { depth: Number.MAX_SAFE_INTEGER, order: 0 };
const START_OF_HISTORY: HistoryPlace = { depth: 0, order: Number.MIN_SAFE_INTEGER };

/** Reads a page. Throws `403 M_FORBIDDEN` for who may not read the room, `400 M_INVALID_PARAM` for bad tokens. */
export function readMessages(rooms: Rooms, request: MessagesRequest): Promise<MessagesPage> {
  return readAt(rooms.database, async (reader) => {
    const access = await readRoomAccess(rooms, reader, request.viewer, request.roomId);
    const start = await startPlace(reader, access, request);
    const stop =
      request.to === undefined
        ? undefined
        : await placeOf(reader, access.roomNid, 'to', request.to);
    const page = matchesRoom(request.filter, request.roomId)
      ? await collectHistory(rooms, reader, access.roomNid, request, start, stop)
      : { events: [], end: undefined };
    const state = request.filter.lazyLoadMembers
      ? await readSenders(rooms, reader, access.roomNid, page.events)
      : undefined;
    return {
      start: request.from ?? formatHistoryToken(start),
      ...(page.end === undefined ? {} : { end: formatHistoryToken(page.end) }),
      chunk: page.events.map(({ client }) => client),
      ...(state === undefined ? {} : { state }),
    };
  });
}

async function startPlace(
  reader: Reader,
  { roomNid, leftBy }: RoomAccess,
  { from, direction }: MessagesRequest,
): Promise<HistoryPlace> {
  if (from !== undefined) return placeOf(reader, roomNid, 'from', from);
  if (direction === 'f') return START_OF_HISTORY;
  const last = leftBy ?? (await readNewest(reader, roomNid));
  if (last === undefined || last.event_order === null) return END_OF_HISTORY;
  return { depth: last.depth, order: last.event_order + 1 };
}

/** The end of history as it is now: a token of it still names this place when more has come. */
async function readNewest(reader: Reader, roomNid: number): Promise<EventRow | undefined> {
  const [newest] = await readRows(reader, roomNid, 'b', END_OF_HISTORY, 1);
  return newest;
}

async function placeOf(
  reader: Reader,
  roomNid: number,
  name: string,
  token: string,
): Promise<HistoryPlace> {
  const parsed = parsePaginationToken(name, token);
  if (parsed.kind === 'history') return parsed.place;
  const last = await reader.get(timelineQueries.lastAtOrder, roomNid, parsed.position);
  return last === undefined ? START_OF_HISTORY : { depth: last.depth, order: last.event_order + 1 };
}

/** Reads rows until the page is full, the history or the work allowed is at its end. */
export async function collectHistory(
  rooms: Rooms,
  reader: Reader,
  roomNid: number,
  request: Pick<MessagesRequest, 'direction' | 'filter' | 'viewer' | 'limit'>,
  start: HistoryPlace,
  stop: HistoryPlace | undefined,
): Promise<{ events: ViewedEvent[]; end: HistoryPlace | undefined }> {
  const { direction, filter, viewer } = request;
  const limit = Math.min(request.limit, LIMIT_MAX);
  const question = { rooms, reader, viewer, roomNid };
  const events: ViewedEvent[] = [];
  let place = start;
  for (let rowsLeft = ROWS_MAX; rowsLeft > 0;) {
    const wanted = Math.min(limit - events.length, rowsLeft);
    const found = await readRows(reader, roomNid, direction, place, wanted);
    const rows = found.filter((row) => stop === undefined || isInside(row, stop, direction));
    const viewed = await viewEvents(rooms, reader, viewer, roomNid, rows);
    events.push(...viewed.filter(({ event }) => matchesEvent(filter, event.pdu)));
    const last = rows.at(-1);
    if (last !== undefined) place = placeBeyond(last, direction);
    if (rows.length < wanted) {
      return { events: await bundleRelations(question, events), end: undefined };
    }
    if (events.length >= limit) break;
    rowsLeft -= rows.length;
  }
  return { events: await bundleRelations(question, events), end: place };
}

function readRows(
  reader: Reader,
  roomNid: number,
  direction: 'b' | 'f',
  { depth, order }: HistoryPlace,
  count: number,
): Promise<EventRow[]> {
  const of = direction === 'b' ? timelineQueries.before : timelineQueries.after;
  return reader.all(of, roomNid, depth, depth, order, count);
}

function placeBeyond(row: EventRow, direction: 'b' | 'f'): HistoryPlace {
  const order = row.event_order ?? 0;
  return { depth: row.depth, order: direction === 'b' ? order : order + 1 };
}

/** Whether paging in this direction comes to the row before it comes to `stop`. */
function isInside(row: EventRow, stop: HistoryPlace, direction: 'b' | 'f'): boolean {
  const order = row.event_order ?? 0;
  const isBeforeStop = row.depth < stop.depth || (row.depth === stop.depth && order < stop.order);
  return direction === 'f' ? isBeforeStop : !isBeforeStop;
}

/** The senders' member events as they were at the page's first event (CS API, "Lazy-loading room members"). */
async function readSenders(
  rooms: Rooms,
  reader: Reader,
  roomNid: number,
  events: readonly ViewedEvent[],
): Promise<JsonObject[]> {
  const first = events[0]?.event;
  const version = await rooms.versions.of(reader, roomNid);
  if (first === undefined || first.stateBefore === null || version === undefined) return [];
  const memberNids: number[] = [];
  for (const sender of new Set(events.map(({ event }) => event.pdu.sender))) {
    const keyNid = await rooms.names.stateKeys.find('m.room.member', sender);
    const eventNid =
      keyNid === undefined ? undefined : await readSnapshotKey(reader, first.stateBefore, keyNid);
    if (eventNid !== undefined) memberNids.push(eventNid);
  }
  const roomId = await rooms.names.rooms.text(roomNid);
  const rows = await readEvents(reader, memberNids);
  const members = rows.map((row) => toStoredEvent(row, version));
  return stateEventsJson(rooms, reader, members, roomId);
}
