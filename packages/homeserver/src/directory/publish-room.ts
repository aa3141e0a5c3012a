import type { JsonObject } from '@soma/protocol';

import { forbidden, notFound } from '../errors/matrix-error.ts';
import { readCurrentContent } from '../rooms/read-current-content.ts';
import { hasPowerFor } from '../rooms/room-power.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { write } from '../storage/database.ts';
import type { Reader, Statement } from '../storage/sql.ts';
import { readAliasesOfRoom } from './alias-store.ts';
import type { Directory, DirectoryUser } from './directory.ts';
import { isAllowed } from './is-allowed.ts';
import { publishInNetworkStatement } from './network-room-store.ts';
import type { Network } from './network-room-store.ts';
import {
  isPublished,
  publishStatement,
  putRoomDetailsStatement,
  readRoomDetails,
} from './room-details-store.ts';
import { DETAIL_TYPES, detailsOfState } from './room-details.ts';

export type DirectoryVisibility = 'public' | 'private';

/**
 * Shows a room in the published directory or takes it out (CS API, `PUT /directory/list/room/{roomId}`). Throws
 * `404 M_NOT_FOUND`, `403 M_FORBIDDEN`.
 */
export async function publishRoom(
  directory: Directory,
  user: DirectoryUser,
  roomId: string,
  visibility: DirectoryVisibility,
): Promise<void> {
  const { rooms } = directory;
  const { reader } = rooms.database;
  const roomNid = await findRoom(directory, reader, roomId);
  const mayPublish =
    user.isAdmin ||
    (await hasPowerFor(rooms, reader, roomNid, user.userId, 'm.room.canonical_alias'));
  if (!mayPublish) throw forbidden('You may not change what the directory shows of this room');
  const isPublic = visibility === 'public';
  if (
    isPublic &&
    !mayBePublished(directory, user, roomId, await readAliasesOfRoom(reader, roomNid))
  ) {
    throw forbidden('This server does not allow you to publish this room');
  }
  await write(rooms.database, {
    statements: [publishStatement(roomNid, isPublic), ...(await missingDetails(rooms, roomNid))],
    positions: 0,
  });
}

/** Shows a room in the directory of a network, or no longer. Throws `404 M_NOT_FOUND`. */
export async function publishInNetwork(
  directory: Directory,
  network: Network,
  roomId: string,
  isPublic: boolean,
): Promise<void> {
  const { rooms } = directory;
  const roomNid = await findRoom(directory, rooms.database.reader, roomId);
  await write(rooms.database, {
    statements: [
      publishInNetworkStatement(network, roomNid, isPublic),
      ...(await missingDetails(rooms, roomNid)),
    ],
    positions: 0,
  });
}

/** A room from before there were details shows none until its state changes: they are made up for here. */
async function missingDetails(rooms: Rooms, roomNid: number): Promise<Statement[]> {
  const { reader } = rooms.database;
  if ((await readRoomDetails(reader, roomNid)) !== undefined) return [];
  const contents = new Map<string, JsonObject>();
  for (const type of DETAIL_TYPES) {
    const content = await readCurrentContent(rooms, reader, roomNid, type);
    if (content !== undefined) contents.set(type, content);
  }
  return [
    putRoomDetailsStatement(
      roomNid,
      detailsOfState((type) => contents.get(type)),
    ),
  ];
}

/** Whether the operator's rules let the user publish the room. */
export function mayBePublished(
  { config }: Directory,
  { userId, isAdmin }: DirectoryUser,
  roomId: string,
  aliases: readonly string[],
): boolean {
  if (!config.enableRoomListSearch) return false;
  return isAdmin || isAllowed(config.roomListPublicationRules, { userId, roomId, aliases });
}

/** CS API, `GET /directory/list/room/{roomId}`. Throws `404 M_NOT_FOUND`. */
export async function readDirectoryVisibility(
  directory: Directory,
  roomId: string,
): Promise<DirectoryVisibility> {
  const { reader } = directory.rooms.database;
  const roomNid = await findRoom(directory, reader, roomId);
  return (await isPublished(reader, roomNid)) ? 'public' : 'private';
}

async function findRoom({ rooms }: Directory, reader: Reader, roomId: string): Promise<number> {
  const roomNid = await rooms.names.rooms.find(roomId);
  const version = roomNid === undefined ? undefined : await rooms.versions.of(reader, roomNid);
  if (roomNid === undefined || version === undefined) {
    throw notFound('No such room is known to this server');
  }
  return roomNid;
}
