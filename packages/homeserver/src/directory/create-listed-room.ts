import { MatrixError, invalidParam } from '../errors/matrix-error.ts';
import { createRoom } from '../rooms/create-room.ts';
import type { NewRoom } from '../rooms/new-room.ts';
import { ChangeRefused } from '../storage/database.ts';
import { ALIAS_IN_USE, aliasIsFree, insertAliasStatement, readAlias } from './alias-store.ts';
import type { Directory, DirectoryUser } from './directory.ts';
import { parseOwnAlias } from './parse-alias.ts';
import { mayBePublished } from './publish-room.ts';
import { checkAliasRules } from './put-alias.ts';
import { publishStatement } from './room-details-store.ts';

/** How a new room is to be found. */
export interface Listing {
  /** The alias without its sigil and server. */
  readonly aliasName?: string | undefined;
  readonly isPublic: boolean;
}

/**
 * Makes a room together with its alias and its place in the directory. Resolves to its ID. Throws
 * `400 M_ROOM_IN_USE` where the alias is taken, and what `createRoom` throws.
 */
export async function createListedRoom(
  directory: Directory,
  user: DirectoryUser,
  room: Omit<NewRoom, 'alias' | 'additions'>,
  { aliasName, isPublic }: Listing,
): Promise<string> {
  const { rooms } = directory;
  const alias = aliasName === undefined ? undefined : await freeAlias(directory, user, aliasName);
  // A room has no ID before it is made: rules about room IDs do not match it.
  const isListed =
    isPublic && mayBePublished(directory, user, '', alias === undefined ? [] : [alias]);
  try {
    return await createRoom(rooms, {
      ...room,
      alias,
      additions: (roomNid) => ({
        statements: [
          ...(isListed ? [publishStatement(roomNid, true)] : []),
          ...(alias === undefined
            ? []
            : [insertAliasStatement(alias, { roomNid, creatorNid: user.userNid })]),
        ],
        guards: alias === undefined ? [] : [aliasIsFree(alias)],
      }),
    });
  } catch (error) {
    if (error instanceof ChangeRefused && error.guard === ALIAS_IN_USE) throw inUse(alias);
    throw error;
  }
}

/** An alias that is not taken as yet; the change itself asks once more. */
async function freeAlias(
  directory: Directory,
  user: DirectoryUser,
  aliasName: string,
): Promise<string> {
  const { rooms } = directory;
  if (aliasName === '' || /[:#\s]/u.test(aliasName)) {
    throw invalidParam('room_alias_name is the local part of an alias');
  }
  const alias = parseOwnAlias(`#${aliasName}:${rooms.serverName}`, rooms.serverName);
  checkAliasRules(directory, user, alias, '');
  if ((await readAlias(rooms.database.reader, alias)) !== undefined) throw inUse(alias);
  return alias;
}

function inUse(alias: string | undefined): MatrixError {
  return new MatrixError(400, 'M_ROOM_IN_USE', `Room alias ${alias} is already taken`);
}
