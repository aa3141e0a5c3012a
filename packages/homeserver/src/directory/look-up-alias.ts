import { isJsonObject, parseRoomId, parseServerName, serverNameOf } from '@soma/protocol';
import type { RoomAlias } from '@soma/protocol';

import { MatrixError, notFound } from '../errors/matrix-error.ts';
import { FederationError } from '../federation-client/federation-error.ts';
import type { Directory } from './directory.ts';
import { parseAlias } from './parse-alias.ts';
import { resolveAlias } from './resolve-alias.ts';

/** A room that an alias stands for, and servers through which it can be joined. */
export interface AliasedRoom {
  readonly roomId: string;
  readonly servers: readonly string[];
}

const answerBytesMax = 256 * 1024;
const serversMax = 500;
const timeoutMs = 20_000;

/**
 * The room that an alias of whatever server stands for. Throws `400 M_INVALID_PARAM`, `404 M_NOT_FOUND`, and
 * `502 M_UNKNOWN` where the alias's server is not to be had.
 */
export async function lookUpAlias(directory: Directory, text: string): Promise<AliasedRoom> {
  const alias = parseAlias(text);
  const { serverName } = directory.rooms;
  if (serverNameOf(alias) === serverName) return lookUpOwnAlias(directory, alias);
  try {
    return await ask(directory, alias);
  } catch (error) {
    if (!(error instanceof FederationError)) throw error;
    const isRefusal = error.status !== undefined && error.status < 500;
    if (isRefusal || error.failure === 'not-allowed')
      throw notFound(`Room alias ${alias} not found`);
    throw new MatrixError(502, 'M_UNKNOWN', `The server of ${alias} did not answer`);
  }
}

/** The same for an alias of this server. Throws `400 M_INVALID_PARAM`, `404 M_NOT_FOUND`. */
export async function lookUpOwnAlias(directory: Directory, alias: string): Promise<AliasedRoom> {
  const { serverName, names } = directory.rooms;
  const roomId = await resolveAlias(directory, alias);
  const roomNid = await names.rooms.find(roomId);
  const resident = roomNid === undefined ? [] : await directory.serversOf(roomNid);
  // This server helps with a join first, if it can.
  const isThere = resident.length === 0 || resident.includes(serverName);
  const servers = new Set([...(isThere ? [serverName] : []), ...resident]);
  return { roomId, servers: [...servers].slice(0, serversMax) };
}

/** SS API, `GET /query/directory`. */
async function ask({ federation }: Directory, alias: RoomAlias): Promise<AliasedRoom> {
  const destination = serverNameOf(alias);
  const answer = await federation.requestJson({
    destination,
    method: 'GET',
    path: '/_matrix/federation/v1/query/directory',
    query: { room_alias: alias },
    retries: 'none',
    // Somebody waits for it, and knows better than the past whether the server is there.
    ignoresBackoff: true,
    timeoutMs,
    bodyBytesMax: answerBytesMax,
  });
  const { room_id: given, servers = [] } = isJsonObject(answer) ? answer : {};
  const roomId = parseRoomId(given);
  if (roomId === undefined || !Array.isArray(servers)) {
    throw new FederationError('bad-answer', destination, 'answered no room');
  }
  const named = servers.slice(0, serversMax).flatMap((server) => parseServerName(server) ?? []);
  return { roomId, servers: [...new Set([...named, destination])] };
}
