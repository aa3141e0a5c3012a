import { isJsonObject } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import { invalidParam } from '../../errors/matrix-error.ts';
import { readAt } from '../../storage/database.ts';
import type { Reader } from '../../storage/sql.ts';
import { readEvents } from '../event-store.ts';
import { formatHistoryToken, parsePaginationToken } from '../pagination-token.ts';
import { readRoomAccess } from '../room-access.ts';
import type { Rooms } from '../rooms.ts';
import { viewEvents } from '../view-events.ts';
import type { ViewedEvent } from '../view-events.ts';
import type { Viewer } from '../viewer.ts';
import { bundleRelations } from './bundle-relations.ts';
import { readThreadPlaces } from './child-store.ts';
import type { ThreadPlace } from './child-store.ts';

/** A page of a room's threads (CS API, `GET /rooms/{roomId}/threads`). */
export interface ThreadsRequest {
  readonly viewer: Viewer;
  readonly roomId: string;
  readonly include: 'all' | 'participated';
  readonly from: string | undefined;
  readonly limit: number;
}

const LIMIT_MAX = 100;
/** How many threads one page looks through for those that the viewer may see. */
const ROWS_MAX = 1_000;

/** The roots, those with the latest answer first. Throws `403 M_FORBIDDEN`, `400 M_INVALID_PARAM`. */
export function readThreads(rooms: Rooms, request: ThreadsRequest): Promise<JsonObject> {
  return readAt(rooms.database, async (reader) => {
    const { viewer, roomId, include } = request;
    const { roomNid } = await readRoomAccess(rooms, reader, viewer, roomId);
    const participantNid = include === 'participated' ? viewer.userNid : undefined;
    const limit = Math.min(request.limit, LIMIT_MAX);
    const roots: ViewedEvent[] = [];
    let below = request.from === undefined ? Number.MAX_SAFE_INTEGER : orderOf(request.from);
    for (let rowsLeft = ROWS_MAX; rowsLeft > 0;) {
      const wanted = Math.min(limit - roots.length, rowsLeft);
      const places = await readThreadPlaces(reader, roomNid, participantNid, below, wanted);
      roots.push(...(await viewRoots(rooms, reader, viewer, roomNid, places)));
      if (places.length < wanted) return { chunk: roots.map(({ client }) => client) };
      below = places.at(-1)?.latestOrder ?? below;
      if (roots.length >= limit) break;
      rowsLeft -= places.length;
    }
    return {
      chunk: roots.map(({ client }) => client),
      next_batch: formatHistoryToken({ depth: 0, order: below }),
    };
  });
}

/** The roots of threads in which the viewer may see an answer; those of ignored users are redacted. */
async function viewRoots(
  rooms: Rooms,
  reader: Reader,
  viewer: Viewer,
  roomNid: number,
  places: readonly ThreadPlace[],
): Promise<ViewedEvent[]> {
  const rootNids = places.map(({ rootNid }) => rootNid);
  const rows = new Map((await readEvents(reader, rootNids)).map((row) => [row.event_nid, row]));
  const ordered = rootNids.flatMap((nid) => rows.get(nid) ?? []);
  const options = { redactsIgnored: true };
  const viewed = await viewEvents(rooms, reader, viewer, roomNid, ordered, options);
  const bundled = await bundleRelations({ rooms, reader, viewer, roomNid }, viewed);
  return bundled.filter(hasThread);
}

function hasThread({ client: { unsigned } }: ViewedEvent): boolean {
  const relations = isJsonObject(unsigned) ? unsigned['m.relations'] : undefined;
  return isJsonObject(relations) && relations['m.thread'] !== undefined;
}

function orderOf(token: string): number {
  const parsed = parsePaginationToken('from', token);
  if (parsed.kind === 'live') throw invalidParam('from is not a token of this list');
  return parsed.place.order;
}
