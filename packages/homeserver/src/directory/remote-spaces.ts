import { isJsonObject, parseRoomId, parseServerName } from '@soma/protocol';
import type { JsonObject, JsonValue } from '@soma/protocol';

import { MatrixError } from '../errors/matrix-error.ts';
import { boundedCache } from '../storage/bounded-cache.ts';
import { askDirectory } from './ask-directory.ts';
import type { DirectoryClient } from './ask-directory.ts';
import { isCount, parseRoomSummary } from './parse-room-summary.ts';
import { compareChildren, isChild } from './space-children.ts';
import type { SpaceChild } from './space-children.ts';

/** A room that this server is not in, as another one tells it. */
export interface RemoteSpace {
  readonly summary: JsonObject;
  readonly children: readonly SpaceChild[];
  /** What the server says of children, by room ID. */
  readonly told: ReadonlyMap<string, ToldChild>;
}

/** The summary of a child, or that nobody of this server may see it. */
export type ToldChild = JsonObject | 'inaccessible';

interface Known {
  readonly space: Promise<RemoteSpace | undefined>;
  readonly untilMs: number;
}

/** As Synapse. */
const KEPT_MS = 5 * 60_000;
/** After a failure. */
const KEPT_MS_FAILED = 30_000;
const SPACES_KEPT_MAX = 1_000;
const CHILDREN_MAX = 1_000;
const SERVERS_TRIED_MAX = 3;
const TIMEOUT_MS = 5_000;

/** Rooms of other servers (SS API, `GET /hierarchy/{roomId}`), each remembered for a short while. */
export class RemoteSpaces {
  readonly #client: DirectoryClient;
  readonly #serverName: string;
  readonly #now: () => number;
  readonly #known = boundedCache<string, Known>(SPACES_KEPT_MAX);

  constructor(client: DirectoryClient, serverName: string, now: () => number) {
    this.#client = client;
    this.#serverName = serverName;
    this.#now = now;
  }

  /**
   * The room as the first of the servers that knows it tells it, the room ID's own among them; undefined where none
   * does.
   */
  async find(roomId: string, via: readonly string[]): Promise<RemoteSpace | undefined> {
    const servers = this.#serversOf(roomId, via);
    if (servers.length === 0) return undefined;
    // What some servers do not know others may.
    const key = [roomId, ...servers].join(' ');
    const known = this.#known.get(key);
    if (known !== undefined && known.untilMs > this.#now()) return known.space;
    const space = this.#ask(roomId, servers);
    this.#known.set(key, { space, untilMs: this.#now() + KEPT_MS });
    try {
      const found = await space;
      if (found === undefined) {
        this.#known.set(key, { space, untilMs: this.#now() + KEPT_MS_FAILED });
      }
      return found;
    } catch (error) {
      this.#known.delete(key);
      throw error;
    }
  }

  #serversOf(roomId: string, via: readonly string[]): string[] {
    const colon = roomId.indexOf(':');
    const names = [...via, ...(colon === -1 ? [] : [roomId.slice(colon + 1)])];
    const servers = new Set(
      names.filter((name) => parseServerName(name) !== undefined && name !== this.#serverName),
    );
    return [...servers].slice(0, SERVERS_TRIED_MAX);
  }

  async #ask(roomId: string, servers: readonly string[]): Promise<RemoteSpace | undefined> {
    for (const destination of servers) {
      try {
        const path = `/_matrix/federation/v1/hierarchy/${encodeURIComponent(roomId)}`;
        const answer = await askDirectory(this.#client, {
          destination,
          method: 'GET',
          path,
          query: { suggested_only: false },
          timeoutMs: TIMEOUT_MS,
        });
        const space = parseSpace(answer, roomId);
        if (space !== undefined) return space;
      } catch (error) {
        if (!(error instanceof MatrixError)) throw error;
      }
    }
    return undefined;
  }
}

function parseSpace(answer: JsonValue, roomId: string): RemoteSpace | undefined {
  if (!isJsonObject(answer) || !isJsonObject(answer['room'])) return undefined;
  const { room, children, inaccessible_children: inaccessible } = answer;
  const summary = parseRoomSummary(room);
  if (summary?.['room_id'] !== roomId) return undefined;
  const told = new Map<string, ToldChild>();
  for (const each of listOf(inaccessible)) {
    if (typeof each === 'string') told.set(each, 'inaccessible');
  }
  for (const each of listOf(children)) {
    const child = parseRoomSummary(each);
    const childId = child?.['room_id'];
    if (child !== undefined && typeof childId === 'string') told.set(childId, child);
  }
  const events = listOf(room['children_state']).flatMap((each) => parseChild(each) ?? []);
  return { summary, told, children: events.toSorted(compareChildren) };
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return (Array.isArray(value) ? value : []).slice(0, CHILDREN_MAX);
}

function parseChild(event: JsonValue): SpaceChild | undefined {
  if (!isJsonObject(event) || event['type'] !== 'm.space.child') return undefined;
  const { type, state_key: roomId, content, sender, origin_server_ts: ts } = event;
  if (typeof roomId !== 'string' || parseRoomId(roomId) === undefined) return undefined;
  if (!isJsonObject(content) || !isChild(content) || typeof sender !== 'string' || !isCount(ts)) {
    return undefined;
  }
  return {
    roomId,
    ts,
    content,
    json: { type, state_key: roomId, content, sender, origin_server_ts: ts },
  };
}
