import { isJsonObject, parseServerName } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import { invalidParam } from '../errors/matrix-error.ts';
import { askDirectory } from './ask-directory.ts';
import type { DirectoryClient } from './ask-directory.ts';
import type { PublicRoomsPage, PublicRoomsRequest } from './list-public-rooms.ts';
import { isCount, parseRoomSummary } from './parse-room-summary.ts';

/** More rooms of one answer are not shown. */
const ROOMS_MAX = 500;
const TIMEOUT_MS = 20_000;

/** What of another server's published rooms is asked for. */
export interface RemoteRoomsRequest extends Omit<PublicRoomsRequest, 'scope'> {
  /** By default the server's own rooms. */
  readonly networks?: {
    readonly include_all_networks?: true;
    readonly third_party_instance_id?: string;
  };
}

/**
 * The rooms that another server publishes (SS API, `POST /publicRooms`). Throws `400 M_INVALID_PARAM` for what is no
 * server name, and what {@link askDirectory} throws.
 */
export async function listRemoteRooms(
  client: DirectoryClient,
  server: string,
  { limit = ROOMS_MAX, since, searchTerm, roomTypes, networks }: RemoteRoomsRequest,
): Promise<PublicRoomsPage> {
  const destination = parseServerName(server);
  if (destination === undefined) throw invalidParam('server is not a server name');
  const filter: JsonObject = {
    ...(searchTerm === undefined ? {} : { generic_search_term: searchTerm }),
    ...(roomTypes === undefined ? {} : { room_types: [...roomTypes] }),
  };
  const page = {
    limit: Math.min(limit === 0 ? ROOMS_MAX : limit, ROOMS_MAX),
    ...(since === undefined ? {} : { since }),
    ...networks,
  };
  const path = '/_matrix/federation/v1/publicRooms';
  const answer = await askDirectory(client, {
    destination,
    path,
    timeoutMs: TIMEOUT_MS,
    // Not every server knows the one that filters.
    ...(Object.keys(filter).length === 0
      ? { method: 'GET', query: page }
      : { method: 'POST', body: { ...page, filter } }),
  });
  const found = isJsonObject(answer) ? answer : {};
  const { chunk, next_batch: next, prev_batch: previous, total_room_count_estimate: total } = found;
  const rooms = (Array.isArray(chunk) ? chunk : [])
    .map(parseRoomSummary)
    .filter((room) => room !== undefined);
  return {
    chunk: rooms.slice(0, ROOMS_MAX),
    ...(typeof next === 'string' ? { next_batch: next } : {}),
    ...(typeof previous === 'string' ? { prev_batch: previous } : {}),
    total_room_count_estimate: isCount(total) ? total : rooms.length,
  };
}
