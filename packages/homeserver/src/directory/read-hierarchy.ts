import { randomUUID } from 'node:crypto';

import type { JsonObject } from '@soma/protocol';

import { forbidden, invalidParam } from '../errors/matrix-error.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { boundedCache } from '../storage/bounded-cache.ts';
import { readAt } from '../storage/database.ts';
import type { Reader } from '../storage/sql.ts';
import { readSpaceChildren } from './space-children.ts';
import { summariseRoom, userViewer } from './summarise-room.ts';

/** A page of the tree below a space (CS API, `GET /rooms/{roomId}/hierarchy`). */
export interface HierarchyRequest {
  readonly viewer: { readonly userId: string; readonly userNid: number };
  readonly roomId: string;
  readonly suggestedOnly: boolean;
  readonly maxDepth: number | undefined;
  readonly limit: number | undefined;
  readonly from: string | undefined;
}

interface Waiting {
  readonly roomId: string;
  readonly depth: number;
}

/** Where a walk through the tree has come to; a page makes another one and leaves this as it is. */
interface Walk {
  readonly userNid: number;
  readonly roomId: string;
  readonly suggestedOnly: boolean;
  readonly maxDepth: number | undefined;
  /** Rooms that are still to be told; the next one comes last. */
  readonly waiting: readonly Waiting[];
  readonly seen: ReadonlySet<string>;
}

const LIMIT_MAX = 50;
/** How many rooms one page looks at for those that the viewer may see. */
const VISITS_MAX = 500;
/** How many rooms one walk comes to. */
const SEEN_MAX = 10_000;
/** Walks that go on, of all users together. */
const WALKS_MAX = 1_000;

/** The walks whose next page may be asked for; a token is forgotten when the server stops. */
export class SpaceWalks {
  readonly #walks = boundedCache<string, Walk>(WALKS_MAX);

  /** Throws `400 M_INVALID_PARAM` for a token that is unknown, or of another question. */
  start(request: HierarchyRequest): Walk {
    const { viewer, roomId, suggestedOnly, maxDepth, from } = request;
    const { userNid } = viewer;
    if (from === undefined) {
      const waiting = [{ roomId, depth: 0 }];
      return { userNid, roomId, suggestedOnly, maxDepth, waiting, seen: new Set([roomId]) };
    }
    const walk = this.#walks.get(from);
    if (
      walk?.userNid !== userNid ||
      walk.roomId !== roomId ||
      walk.suggestedOnly !== suggestedOnly ||
      walk.maxDepth !== maxDepth
    ) {
      throw invalidParam('from is not a token of this question');
    }
    return walk;
  }

  keep(walk: Walk): string {
    const token = randomUUID();
    this.#walks.set(token, walk);
    return token;
  }
}

/** Rooms in the order of a walk, depth first. Throws `403 M_FORBIDDEN`, `400 M_INVALID_PARAM`. */
export function readHierarchy(
  rooms: Rooms,
  walks: SpaceWalks,
  request: HierarchyRequest,
): Promise<JsonObject> {
  const walk = walks.start(request);
  const limit = Math.min(request.limit ?? LIMIT_MAX, LIMIT_MAX);
  return readAt(rooms.database, async (reader) => {
    const waiting = [...walk.waiting];
    const seen = new Set(walk.seen);
    const found: JsonObject[] = [];
    for (let visits = 0; visits < VISITS_MAX && found.length < limit; visits += 1) {
      const next = waiting.pop();
      if (next === undefined) break;
      const room = await visit(rooms, reader, request, next);
      if (room === undefined) {
        if (next.roomId === request.roomId) throw forbidden('You may not see this space');
        continue;
      }
      found.push(room.json);
      for (const roomId of room.childIds) {
        if (seen.has(roomId) || seen.size >= SEEN_MAX) continue;
        seen.add(roomId);
        waiting.push({ roomId, depth: next.depth + 1 });
      }
    }
    return {
      rooms: found,
      ...(waiting.length === 0 ? {} : { next_batch: walks.keep({ ...walk, waiting, seen }) }),
    };
  });
}

/** One room of the tree with the children to go on with, the first one last. */
async function visit(
  rooms: Rooms,
  reader: Reader,
  { viewer, suggestedOnly, maxDepth }: HierarchyRequest,
  { roomId, depth }: Waiting,
): Promise<{ json: JsonObject; childIds: readonly string[] } | undefined> {
  const summary = await summariseRoom(rooms, reader, userViewer(rooms, viewer.userId), roomId);
  if (summary === undefined) return undefined;
  const children = summary.isSpace
    ? await readSpaceChildren(rooms, reader, roomId, suggestedOnly)
    : [];
  const goesOn = maxDepth === undefined || depth < maxDepth;
  return {
    json: { ...summary.json, children_state: children.map(({ json }) => json) },
    childIds: goesOn ? children.map((child) => child.roomId).toReversed() : [],
  };
}
