import { randomUUID } from 'node:crypto';

import type { JsonObject } from '@soma/protocol';

import { forbidden, invalidParam } from '../errors/matrix-error.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { boundedCache } from '../storage/bounded-cache.ts';
import { readAt } from '../storage/database.ts';
import type { Reader } from '../storage/sql.ts';
import type { RemoteSpace, RemoteSpaces, ToldChild } from './remote-spaces.ts';
import { hasOwnMembers } from './server-members-store.ts';
import { isSuggested, readSpaceChildren, viaOf } from './space-children.ts';
import type { SpaceChild } from './space-children.ts';
import { maySeeRemote, summariseRoom, userViewer } from './summarise-room.ts';
import type { SummaryViewer } from './summarise-room.ts';

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
  /** Servers that know the room. */
  readonly via: readonly string[];
  /** What the server of its parent says of it. */
  readonly told?: ToldChild | undefined;
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
/** How many rooms of other servers one page asks for; the next page goes on. */
const ASKED_MAX = 10;
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
      const waiting = [{ roomId, depth: 0, via: [] }];
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

/** What rooms are told from. */
export interface HierarchySources {
  readonly rooms: Rooms;
  readonly walks: SpaceWalks;
  readonly remote: RemoteSpaces;
}

/** Rooms in the order of a walk, depth first. Throws `403 M_FORBIDDEN`, `400 M_INVALID_PARAM`. */
export async function readHierarchy(
  sources: HierarchySources,
  request: HierarchyRequest,
): Promise<JsonObject> {
  const { rooms, walks, remote } = sources;
  const walk = walks.start(request);
  const page = new HierarchyPage(rooms, request, walk);
  for (let asked = 0; asked < ASKED_MAX; asked += 1) {
    const elsewhere = await readAt(rooms.database, (reader) => page.goOn(reader));
    if (elsewhere === undefined) break;
    const space = await remote.find(elsewhere.roomId, elsewhere.via);
    await readAt(rooms.database, (reader) => page.addRemote(reader, elsewhere, space));
  }
  const { found, waiting, seen } = page;
  return {
    rooms: [...found],
    ...(waiting.length === 0 ? {} : { next_batch: walks.keep({ ...walk, waiting, seen }) }),
  };
}

/** One room of the tree. */
interface Visited {
  readonly json: JsonObject;
  readonly children: readonly SpaceChild[];
}

/** The page that is being made. */
class HierarchyPage {
  readonly found: JsonObject[] = [];
  /** The next one comes last. */
  readonly waiting: Waiting[];
  readonly seen: Set<string>;
  readonly #rooms: Rooms;
  readonly #request: HierarchyRequest;
  readonly #viewer: SummaryViewer;
  readonly #limit: number;
  #visits = 0;

  constructor(rooms: Rooms, request: HierarchyRequest, walk: Walk) {
    this.#rooms = rooms;
    this.#request = request;
    this.#viewer = userViewer(rooms, request.viewer.userId);
    this.#limit = Math.min(request.limit ?? LIMIT_MAX, LIMIT_MAX);
    this.waiting = [...walk.waiting];
    this.seen = new Set(walk.seen);
  }

  /** Goes on with what this server knows, up to a room that others must be asked for. */
  async goOn(reader: Reader): Promise<Waiting | undefined> {
    while (this.#visits < VISITS_MAX && this.found.length < this.#limit) {
      const next = this.waiting.pop();
      if (next === undefined) return undefined;
      this.#visits += 1;
      if (!(await this.#isHere(reader, next.roomId))) {
        const { told } = next;
        if (told === 'inaccessible') continue;
        // Of a space its own server must be asked, for its children.
        if (told === undefined || told['room_type'] === 'm.space') return next;
        const isSeen = await maySeeRemote(this.#rooms, reader, this.#viewer, told);
        this.#add(next, isSeen ? { json: told, children: [] } : undefined);
      } else this.#add(next, await this.#visit(reader, next.roomId));
    }
    return undefined;
  }

  /** Adds a room that another server was asked for; where none knows it, what is known here from before counts. */
  async addRemote(reader: Reader, next: Waiting, space: RemoteSpace | undefined): Promise<void> {
    if (space === undefined) {
      this.#add(next, await this.#visit(reader, next.roomId));
      return;
    }
    const isSeen = await maySeeRemote(this.#rooms, reader, this.#viewer, space.summary);
    const { suggestedOnly } = this.#request;
    const { summary: json, told } = space;
    const children = space.children.filter(({ content }) => !suggestedOnly || isSuggested(content));
    this.#add(next, isSeen ? { json, children } : undefined, told);
  }

  async #isHere(reader: Reader, roomId: string): Promise<boolean> {
    const roomNid = await this.#rooms.names.rooms.find(roomId);
    return roomNid !== undefined && (await hasOwnMembers(reader, roomNid));
  }

  async #visit(reader: Reader, roomId: string): Promise<Visited | undefined> {
    const summary = await summariseRoom(this.#rooms, reader, this.#viewer, roomId);
    if (summary === undefined) return undefined;
    const { suggestedOnly } = this.#request;
    const children = summary.isSpace
      ? await readSpaceChildren(this.#rooms, reader, roomId, suggestedOnly)
      : [];
    return { json: summary.json, children };
  }

  #add(
    { roomId, depth }: Waiting,
    room: Visited | undefined,
    told?: ReadonlyMap<string, ToldChild>,
  ): void {
    const { maxDepth } = this.#request;
    if (room === undefined) {
      if (roomId === this.#request.roomId) throw forbidden('You may not see this space');
      return;
    }
    this.found.push({ ...room.json, children_state: room.children.map(({ json }) => json) });
    if (maxDepth !== undefined && depth >= maxDepth) return;
    // The first child comes next.
    for (const child of room.children.toReversed()) {
      if (this.seen.has(child.roomId) || this.seen.size >= SEEN_MAX) continue;
      this.seen.add(child.roomId);
      const via = viaOf(child);
      this.waiting.push({
        roomId: child.roomId,
        depth: depth + 1,
        via,
        told: told?.get(child.roomId),
      });
    }
  }
}
