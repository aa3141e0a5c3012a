import { matchesEvent, matchesRoom } from '@soma/protocol';
import type { JsonObject, RoomEventFilter } from '@soma/protocol';

import { invalidParam } from '../errors/matrix-error.ts';
import { EventFlag, readEvents } from '../rooms/event-store.ts';
import { readStateWith } from '../rooms/read-state.ts';
import { bundleRelations } from '../rooms/relations/bundle-relations.ts';
import { readRoomAccess } from '../rooms/room-access.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { viewEvents } from '../rooms/view-events.ts';
import type { ViewedEvent } from '../rooms/view-events.ts';
import type { Viewer } from '../rooms/viewer.ts';
import { readAt } from '../storage/database.ts';
import type { Reader } from '../storage/sql.ts';
import type { LogFollower } from '../streams/log-follower.ts';
import { readEventContext } from './event-context.ts';
import type { ContextWanted } from './event-context.ts';
import type { Found } from './found-event.ts';
import { groupsOf } from './search-groups.ts';
import { readCandidates } from './search-store.ts';
import type { Candidate, SearchKey } from './search-store.ts';
import { formatSearchToken, parseSearchToken } from './search-token.ts';
import type { Grouping, SearchPlace } from './search-token.ts';
import { wordsOf } from './words.ts';

/** What is searched with. */
export interface Search {
  readonly rooms: Rooms;
  readonly index: LogFollower;
  /** The rooms that a user is in. */
  joinedRooms(reader: Reader, userNid: number): Promise<readonly number[]>;
}

/** CS API, `POST /search`: the category `room_events`. */
export interface SearchRequest {
  readonly viewer: Viewer;
  readonly term: string;
  readonly keys: readonly SearchKey[];
  readonly filter: RoomEventFilter;
  readonly orderBy: 'rank' | 'recent';
  readonly context: ContextWanted | undefined;
  readonly includeState: boolean;
  readonly groupBy: readonly Grouping[];
  readonly from: string | undefined;
}

/** Of a word that more events hold, the newest are ranked. */
const CANDIDATES_MAX = 1_000;
const LIMIT_MAX = 50;
const VIEWED_AT_ONCE = 50;

/** Searches what the viewer may see in the rooms that the viewer is in. Throws `400 M_INVALID_PARAM`. */
export async function searchEvents(search: Search, request: SearchRequest): Promise<JsonObject> {
  const { rooms } = search;
  const start = parseSearchToken(request.from);
  const words = wordsOf(request.term);
  if (words.length === 0) throw invalidParam('search_term holds no word to search for');
  await search.index.catchUp();
  return readAt(rooms.database, async (reader) => {
    const { viewer, keys, filter } = request;
    const roomNids = await searchedRooms(search, reader, viewer, filter);
    const question = { words, keys, roomNids, below: start.below, limit: CANDIDATES_MAX };
    const newest = await readCandidates(reader, rooms.database.engine, question);
    const asked = newest.filter((candidate) => isInGroup(candidate, start));
    const ordered =
      request.orderBy === 'rank' ? asked.toSorted((one, other) => other.rank - one.rank) : asked;
    // What came meanwhile is left out of the pages that follow.
    const below = start.below === Number.MAX_SAFE_INTEGER ? above(newest) : start.below;
    const { found, offset } = await collect(rooms, reader, request, ordered, start.offset);
    const rest = ordered.slice(offset);
    const place = { ...start, below, offset };
    return {
      count: ordered.length,
      highlights: [...new Set(words)],
      results: await resultsJson(rooms, reader, request, found),
      ...(request.includeState ? { state: await stateOf(rooms, reader, viewer, found) } : {}),
      groups: groupsOf(request.groupBy, found, { looked: ordered.slice(0, offset), rest, below }),
      ...(rest.length === 0 ? {} : { next_batch: formatSearchToken(place) }),
    };
  });
}

function above(newest: readonly Candidate[]): number {
  return (newest[0]?.eventNid ?? 0) + 1;
}

function isInGroup({ roomNid, senderNid }: Candidate, { group }: SearchPlace): boolean {
  if (group === undefined) return true;
  return group.nid === (group.key === 'room_id' ? roomNid : senderNid);
}

async function searchedRooms(
  { rooms, joinedRooms }: Search,
  reader: Reader,
  viewer: Viewer,
  filter: RoomEventFilter,
): Promise<number[]> {
  const found: number[] = [];
  for (const roomNid of await joinedRooms(reader, viewer.userNid)) {
    if (matchesRoom(filter, await rooms.names.rooms.text(roomNid))) found.push(roomNid);
  }
  return found;
}

/** Those that the viewer may see and the filter lets through, until the page is full. */
async function collect(
  rooms: Rooms,
  reader: Reader,
  { viewer, filter }: SearchRequest,
  candidates: readonly Candidate[],
  start: number,
): Promise<{ found: Found[]; offset: number }> {
  const limit = Math.max(1, Math.min(filter.limit, LIMIT_MAX));
  const found: Found[] = [];
  let offset = start;
  while (offset < candidates.length && found.length < limit) {
    const part = candidates.slice(offset, offset + VIEWED_AT_ONCE);
    const viewed = await viewCandidates(rooms, reader, viewer, part);
    for (const candidate of part) {
      if (found.length >= limit) break;
      offset += 1;
      const seen = viewed.get(candidate.eventNid);
      if (seen !== undefined && matchesEvent(filter, seen.event.pdu)) {
        found.push({ candidate, viewed: seen });
      }
    }
  }
  return { found, offset };
}

async function viewCandidates(
  rooms: Rooms,
  reader: Reader,
  viewer: Viewer,
  candidates: readonly Candidate[],
): Promise<Map<number, ViewedEvent>> {
  const rows = await readEvents(
    reader,
    candidates.map(({ eventNid }) => eventNid),
  );
  const seen = new Map<number, ViewedEvent>();
  for (const roomNid of new Set(candidates.map((candidate) => candidate.roomNid))) {
    const ofRoom = rows.filter(
      (row) => row.room_nid === roomNid && (row.flags & EventFlag.redacted) === 0,
    );
    for (const viewed of await viewEvents(rooms, reader, viewer, roomNid, ofRoom)) {
      seen.set(viewed.event.eventNid, viewed);
    }
  }
  return seen;
}

async function resultsJson(
  rooms: Rooms,
  reader: Reader,
  { viewer, context }: SearchRequest,
  found: readonly Found[],
): Promise<JsonObject[]> {
  const results: JsonObject[] = [];
  for (const { candidate, viewed } of found) {
    const { roomNid } = candidate;
    const question = { rooms, reader, viewer, roomNid };
    const [bundled = viewed] = await bundleRelations(question, [viewed]);
    results.push({
      rank: candidate.rank,
      result: bundled.client,
      ...(context === undefined
        ? {}
        : { context: await readEventContext(question, viewed, context) }),
    });
  }
  return results;
}

/** The current state of every room in the results. */
async function stateOf(
  rooms: Rooms,
  reader: Reader,
  viewer: Viewer,
  found: readonly Found[],
): Promise<JsonObject> {
  const states: JsonObject = {};
  for (const roomNid of new Set(found.map(({ candidate }) => candidate.roomNid))) {
    const roomId = await rooms.names.rooms.text(roomNid);
    const access = await readRoomAccess(rooms, reader, viewer, roomId);
    states[roomId] = await readStateWith(rooms, reader, access, roomId);
  }
  return states;
}
