import { parseRoomAlias } from '@soma/protocol';
import type { JsonObject, JsonValue } from '@soma/protocol';

import { MatrixError, badJson, invalidParam } from '../errors/matrix-error.ts';
import { readCurrentContent } from '../rooms/read-current-content.ts';
import { readAlias } from './alias-store.ts';
import type { Directory } from './directory.ts';

/**
 * The aliases that an `m.room.canonical_alias` newly lists must be aliases, and of this room (CS API,
 * `PUT /rooms/{roomId}/state/{eventType}/{stateKey}`). Throws `400 M_INVALID_PARAM`, `400 M_BAD_ALIAS`.
 */
export async function checkCanonicalAlias(
  { rooms }: Directory,
  roomId: string,
  content: JsonObject,
): Promise<void> {
  const { reader } = rooms.database;
  const roomNid = await rooms.names.rooms.find(roomId);
  // That nobody may send to such a room is for others to say.
  if (roomNid === undefined) return;
  const before = await readCurrentContent(rooms, reader, roomNid, 'm.room.canonical_alias');
  const known = new Set(before === undefined ? [] : knownIn(before));
  for (const text of listed(content)) {
    if (known.has(text)) continue;
    const alias = parseRoomAlias(text);
    if (alias === undefined) throw invalidParam(`${JSON.stringify(text)} is not a room alias`);
    if ((await readAlias(reader, alias))?.roomNid !== roomNid) {
      throw new MatrixError(400, 'M_BAD_ALIAS', `${alias} is not an alias of this room`);
    }
  }
}

/** An `alias` that is null or empty is like one that is absent. */
function listed({ alias, alt_aliases: others }: JsonObject): JsonValue[] {
  if (others !== undefined && !Array.isArray(others)) throw badJson('alt_aliases must be a list');
  const canonical = alias === undefined || alias === null || alias === '' ? [] : [alias];
  return [...canonical, ...(others ?? [])];
}

/** What is there already may have come from anywhere. */
function knownIn({ alias, alt_aliases: others }: JsonObject): JsonValue[] {
  return [...(alias === undefined ? [] : [alias]), ...(Array.isArray(others) ? others : [])];
}
