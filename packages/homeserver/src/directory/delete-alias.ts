import { MatrixError, forbidden, notFound } from '../errors/matrix-error.ts';
import { readCurrentContent } from '../rooms/read-current-content.ts';
import { hasPowerFor } from '../rooms/room-power.ts';
import { sendEvent } from '../rooms/send-event.ts';
import { write } from '../storage/database.ts';
import { deleteAliasStatement, readAlias } from './alias-store.ts';
import type { Directory, DirectoryUser } from './directory.ts';
import { parseOwnAlias } from './parse-alias.ts';
import { withoutAliases } from './without-aliases.ts';

/**
 * Takes an alias of this server away (CS API, `DELETE /directory/room/{roomAlias}`): who made it may, an
 * administrator, who may set the room's canonical alias, and the application service whose alias it is. Throws
 * `404 M_NOT_FOUND`, `403 M_FORBIDDEN`, `400 M_EXCLUSIVE`.
 */
export async function deleteAlias(
  directory: Directory,
  user: DirectoryUser,
  text: string,
): Promise<void> {
  const { rooms } = directory;
  const { reader } = rooms.database;
  const alias = parseOwnAlias(text, rooms.serverName);
  directory.checkAliasOwner(alias, user.applicationService?.id);
  const record = await readAlias(reader, alias);
  if (record === undefined) throw notFound(`Room alias ${alias} not found`);
  const { roomNid, creatorNid } = record;
  const mayDelete =
    user.isAdmin ||
    user.applicationService !== undefined ||
    creatorNid === user.userNid ||
    (await hasPowerFor(rooms, reader, roomNid, user.userId, 'm.room.canonical_alias'));
  if (!mayDelete) throw forbidden('Only who made the alias or may set aliases can delete it');
  await write(rooms.database, {
    statements: [deleteAliasStatement(alias, roomNid)],
    positions: 0,
  });
  await leaveOutOfState(directory, user, roomNid, alias);
}

/** The room's list of its aliases follows, where the user may change it. */
async function leaveOutOfState(
  { rooms }: Directory,
  { userId }: DirectoryUser,
  roomNid: number,
  alias: string,
): Promise<void> {
  const { reader } = rooms.database;
  const type = 'm.room.canonical_alias';
  const before = await readCurrentContent(rooms, reader, roomNid, type);
  const content = before === undefined ? undefined : withoutAliases(before, [alias]);
  if (content === undefined) return;
  const roomId = await rooms.names.rooms.text(roomNid);
  try {
    await sendEvent(rooms, { roomId, sender: userId, type, stateKey: '', content });
  } catch (error) {
    if (!(error instanceof MatrixError) || error.errcode !== 'M_FORBIDDEN') throw error;
  }
}
