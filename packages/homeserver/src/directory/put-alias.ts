import { MatrixError, forbidden } from '../errors/matrix-error.ts';
import type { Change } from '../storage/change.ts';
import { readAt } from '../storage/database.ts';
import { aliasIsFree, insertAliasStatement } from './alias-store.ts';
import type { Directory, DirectoryUser } from './directory.ts';
import { isAllowed } from './is-allowed.ts';
import { parseOwnAlias } from './parse-alias.ts';

/**
 * Gives a room an alias of this server (CS API, `PUT /directory/room/{roomAlias}`). Throws `409 M_UNKNOWN` for one
 * that is taken, `403 M_FORBIDDEN`, `400 M_INVALID_PARAM`, `400 M_EXCLUSIVE`.
 */
export async function putAlias(
  directory: Directory,
  user: DirectoryUser,
  text: string,
  roomId: string,
): Promise<void> {
  const { rooms, config } = directory;
  const alias = parseOwnAlias(text, rooms.serverName);
  checkAliasRules(directory, user, alias, roomId);
  const roomNid = await rooms.names.rooms.find(roomId);
  const isKnown = await readAt(rooms.database, async (reader) => {
    if (roomNid === undefined) return false;
    if (user.isAdmin || !config.requireMembershipForAliases) {
      return (await rooms.versions.of(reader, roomNid)) !== undefined;
    }
    return rooms.isJoined(reader, user.userNid, roomNid);
  });
  if (roomNid === undefined || !isKnown) throw forbidden('You are not in this room');
  const change: Change = {
    statements: [insertAliasStatement(alias, { roomNid, creatorNid: user.userNid })],
    guards: [aliasIsFree(alias)],
    positions: 0,
  };
  const outcome = await rooms.database.submit(change).done;
  if (outcome.outcome === 'refused') {
    throw new MatrixError(409, 'M_UNKNOWN', `Room alias ${alias} already exists`);
  }
}

/** Throws `403 M_FORBIDDEN` where the operator does not allow the alias, and `400 M_EXCLUSIVE`. */
export function checkAliasRules(
  { config, checkAliasOwner }: Directory,
  { userId, isAdmin, applicationService }: DirectoryUser,
  alias: string,
  roomId: string,
): void {
  checkAliasOwner(alias, applicationService?.id);
  if (isAdmin || isAllowed(config.aliasCreationRules, { userId, roomId, aliases: [alias] })) return;
  throw forbidden('This server does not allow you to make this alias');
}
