import type { JsonObject } from '@soma/protocol';

import { invalidParam } from '../errors/matrix-error.ts';
import { readAt } from '../storage/database.ts';
import type { Reader } from '../storage/sql.ts';
import type { Directory } from './directory.ts';
import { publicRoomJson } from './public-room-json.ts';
import { countPublishedRooms, readPublishedRooms } from './room-details-store.ts';
import type {
  DirectoryScope,
  DirectoryPlace,
  DirectoryQuestion,
  PublishedRoom,
} from './room-details-store.ts';

/** What of the published directory is asked for (CS API, `POST /publicRooms`). */
export interface PublicRoomsRequest {
  readonly limit?: number | undefined;
  readonly since?: string | undefined;
  readonly searchTerm?: string | undefined;
  /** Null stands for rooms without a type. */
  readonly roomTypes?: readonly (string | null)[] | undefined;
  /** Default: this server's own directory. */
  readonly scope?: DirectoryScope | undefined;
}

export interface PublicRoomsPage {
  readonly chunk: readonly JsonObject[];
  readonly next_batch?: string;
  readonly prev_batch?: string;
  readonly total_room_count_estimate: number;
}

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 500;
/** How many rooms one page looks through for those of the types that are asked for. */
const ROWS_MAX = 10_000;
const ROWS_AT_ONCE = 500;

/** One page of the published rooms. Throws `400 M_INVALID_PARAM` for a token that is none. */
export async function listPublicRooms(
  directory: Directory,
  request: PublicRoomsRequest,
): Promise<PublicRoomsPage> {
  if (!directory.config.enableRoomListSearch) return { chunk: [], total_room_count_estimate: 0 };
  const limit = Math.min(Math.max(1, request.limit ?? LIMIT_DEFAULT), LIMIT_MAX);
  const start = request.since === undefined ? FIRST_PAGE : parseToken(request.since);
  return readAt(directory.rooms.database, async (reader) => {
    const found = await collect(
      reader,
      { ...start, ...selectionOf(request), limit: limit + 1 },
      request,
    );
    const isForwards = start.direction === 'smaller';
    const hasMore = found.length > limit;
    const page = found.slice(0, limit);
    if (!isForwards) page.reverse();
    const [first, last] = [page[0] ?? start.from, page.at(-1) ?? start.from];
    const hasNext = isForwards ? hasMore : true;
    const hasPrevious = isForwards ? request.since !== undefined : hasMore;
    return {
      chunk: await Promise.all(page.map((room) => publicRoomJson(directory.rooms, room))),
      ...(hasNext ? { next_batch: formatToken('smaller', last) } : {}),
      ...(hasPrevious ? { prev_batch: formatToken('larger', first) } : {}),
      total_room_count_estimate: await countPublishedRooms(reader, request.scope ?? 'published'),
    };
  });
}

function selectionOf({ searchTerm = '', scope = 'published' }: PublicRoomsRequest) {
  return { searchTerm, scope };
}

async function collect(
  reader: Reader,
  question: DirectoryQuestion,
  { roomTypes }: PublicRoomsRequest,
): Promise<PublishedRoom[]> {
  if (roomTypes === undefined) return readPublishedRooms(reader, question);
  const found: PublishedRoom[] = [];
  let { from } = question;
  for (let read = 0; read < ROWS_MAX && found.length < question.limit; read += ROWS_AT_ONCE) {
    const rows = await readPublishedRooms(reader, { ...question, from, limit: ROWS_AT_ONCE });
    found.push(...rows.filter(({ details }) => roomTypes.includes(details.roomType ?? null)));
    const last = rows.at(-1);
    if (last === undefined || rows.length < ROWS_AT_ONCE) break;
    from = last;
  }
  return found.slice(0, question.limit);
}

type Start = Pick<DirectoryQuestion, 'direction' | 'from'>;

/** What a column of member counts holds. */
const COUNT_MAX = 2 ** 31 - 1;

const FIRST_PAGE: Start = {
  direction: 'smaller',
  from: { joinedCount: COUNT_MAX, roomNid: 0 },
};
const TOKEN = /^([np])(\d{1,15})_(\d{1,15})$/;

function formatToken(direction: Start['direction'], place: DirectoryPlace): string {
  return `${direction === 'smaller' ? 'n' : 'p'}${place.joinedCount}_${place.roomNid}`;
}

function parseToken(token: string): Start {
  const [, direction, joinedCount, roomNid] = TOKEN.exec(token) ?? [];
  if (direction === undefined) throw invalidParam('since is not a token of this server');
  return {
    direction: direction === 'n' ? 'smaller' : 'larger',
    from: { joinedCount: Math.min(Number(joinedCount), COUNT_MAX), roomNid: Number(roomNid) },
  };
}
