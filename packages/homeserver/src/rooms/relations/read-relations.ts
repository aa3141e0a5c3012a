import type { JsonObject } from '@soma/protocol';

import { notFound } from '../../errors/matrix-error.ts';
import { readAt } from '../../storage/database.ts';
import type { Reader } from '../../storage/sql.ts';
import { readEventById, readEvents } from '../event-store.ts';
import { formatHistoryToken, parsePaginationToken } from '../pagination-token.ts';
import { readRoomAccess } from '../room-access.ts';
import type { Rooms } from '../rooms.ts';
import { viewEvents } from '../view-events.ts';
import type { ViewedEvent } from '../view-events.ts';
import type { Viewer } from '../viewer.ts';
import { bundleRelations } from './bundle-relations.ts';
import { readChildren } from './child-store.ts';
import { RECURSION_DEPTH } from './relation-store.ts';

/** A page of what relates to an event (CS API, `GET /rooms/{roomId}/relations/{eventId}`). */
export interface RelationsRequest {
  readonly viewer: Viewer;
  readonly roomId: string;
  readonly eventId: string;
  readonly relationType?: string | undefined;
  readonly eventType?: string | undefined;
  readonly direction: 'b' | 'f';
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly limit: number;
  readonly recurse: boolean;
}

const LIMIT_MAX = 1_000;
/** How many rows one page looks through for events that the viewer may see. */
const ROWS_MAX = 5_000;

/** Reads a page. Throws `403 M_FORBIDDEN`, `404 M_NOT_FOUND`, `400 M_INVALID_PARAM` for bad tokens. */
export function readRelations(rooms: Rooms, request: RelationsRequest): Promise<JsonObject> {
  return readAt(rooms.database, async (reader) => {
    const { viewer, roomId, from } = request;
    const { roomNid } = await readRoomAccess(rooms, reader, viewer, roomId);
    const parent = await readEventById(reader, request.eventId);
    const [visible] =
      parent?.room_nid === roomNid
        ? await viewEvents(rooms, reader, viewer, roomNid, [parent])
        : [];
    if (visible === undefined) throw notFound('There is no such event, or you may not see it');
    const page = await collectChildren(rooms, reader, request, roomNid, visible.event.eventNid);
    const events = await bundleRelations({ rooms, reader, viewer, roomNid }, page.events);
    return {
      chunk: events.map(({ client }) => client),
      ...(page.next === undefined ? {} : { next_batch: page.next }),
      ...(from === undefined ? {} : { prev_batch: from }),
      ...(request.recurse ? { recursion_depth: RECURSION_DEPTH } : {}),
    };
  });
}

async function collectChildren(
  rooms: Rooms,
  reader: Reader,
  request: RelationsRequest,
  roomNid: number,
  parentNid: number,
): Promise<{ events: ViewedEvent[]; next: string | undefined }> {
  const { direction, viewer, relationType, eventType, recurse } = request;
  const limit = Math.min(request.limit, LIMIT_MAX);
  const typeNid =
    eventType === undefined ? undefined : await rooms.names.eventTypes.find(eventType);
  const start = direction === 'b' ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER;
  let order = orderOf('from', request.from) ?? start;
  const stop = orderOf('to', request.to);
  const events: ViewedEvent[] = [];
  if (eventType !== undefined && typeNid === undefined) return { events, next: undefined };
  const question = {
    parentNid,
    relationType,
    typeNid,
    recurse,
    direction: direction === 'b' ? ('older' as const) : ('newer' as const),
  };
  for (let rowsLeft = ROWS_MAX; rowsLeft > 0;) {
    const wanted = Math.min(limit - events.length, rowsLeft);
    const found = await readChildren(reader, { ...question, order, limit: wanted });
    const inside = found.filter(
      (row) => stop === undefined || isInside(row.order, stop, direction),
    );
    events.push(
      ...(await viewInOrder(
        rooms,
        reader,
        viewer,
        roomNid,
        inside.map(({ eventNid }) => eventNid),
      )),
    );
    const last = inside.at(-1);
    if (last !== undefined) order = direction === 'b' ? last.order : last.order + 1;
    if (inside.length < wanted) return { events, next: undefined };
    if (events.length >= limit) break;
    rowsLeft -= found.length;
  }
  const depth = events.at(-1)?.event.depth ?? 0;
  return { events, next: formatHistoryToken({ depth, order }) };
}

/** The viewer's form of some events, in the order of their nids as given. */
async function viewInOrder(
  rooms: Rooms,
  reader: Reader,
  viewer: Viewer,
  roomNid: number,
  eventNids: readonly number[],
): Promise<ViewedEvent[]> {
  const rows = new Map((await readEvents(reader, eventNids)).map((row) => [row.event_nid, row]));
  const ordered = eventNids.flatMap((nid) => rows.get(nid) ?? []);
  return viewEvents(rooms, reader, viewer, roomNid, ordered);
}

function isInside(order: number, stop: number, direction: 'b' | 'f'): boolean {
  return direction === 'b' ? order >= stop : order < stop;
}

/** A token's place in the order of arrival: between the event of this order and the one before. */
function orderOf(name: string, token: string | undefined): number | undefined {
  if (token === undefined) return undefined;
  const parsed = parsePaginationToken(name, token);
  return parsed.kind === 'live' ? parsed.position + 1 : parsed.place.order;
}
