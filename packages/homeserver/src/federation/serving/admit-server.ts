import type { RoomVersion } from '@soma/protocol';

import { MatrixError, forbidden, notFound } from '../../errors/matrix-error.ts';
import { readWasPutOut } from '../../federation-sender/servers-put-out-store.ts';
import type { ServersOfRoom } from '../../membership/room-servers.ts';
import { readIsPartial, readPartialRoom } from '../../rooms/partial-room-store.ts';
import type { PartialRoom } from '../../rooms/partial-room-store.ts';
import type { Serving } from './serving.ts';

/** A room that another server asks about. */
export interface AskedRoom {
  readonly roomNid: number;
  readonly version: RoomVersion;
}

/** A room as another server may see it. */
export interface ServerAccess extends AskedRoom {
  readonly origin: string;
  readonly servers: ServersOfRoom;
  /** Whether the server is in the room; else it was, or has somebody who is invited. */
  readonly isInside: boolean;
  /**
   * Whether it needs the graph of events, if not their content: it is in the room, or takes itself to be since nothing has
   * told it otherwise.
   */
  readonly needsGraph: boolean;
}

/**
 * A room that this server is in, for a server that its ACL does not deny (SS API, "Server Access Control Lists").
 * Throws `404 M_NOT_FOUND`, `403 M_FORBIDDEN`.
 */
export async function findAskedRoom(
  { rooms }: Serving,
  origin: string,
  roomId: string,
): Promise<AskedRoom> {
  const { reader } = rooms.database;
  const roomNid = await rooms.names.rooms.find(roomId);
  const version = roomNid === undefined ? undefined : await rooms.versions.of(reader, roomNid);
  if (roomNid === undefined || version === undefined) {
    throw notFound('No such room is known to this server');
  }
  if (!(await rooms.acls.allows(reader, roomNid, origin))) {
    throw forbidden(`${origin} is denied by the server ACL of the room`);
  }
  return { roomNid, version };
}

/** The same for a handshake: a room whose whole state this server knows, and has somebody in. */
export async function findRoomToEnter(
  serving: Serving,
  origin: string,
  roomId: string,
): Promise<AskedRoom> {
  const room = await findAskedRoom(serving, origin, roomId);
  const { database, serverName } = serving.rooms;
  const servers = await serving.roomServers.of(room.roomNid);
  if (!servers.isJoined(serverName)) throw notFound('This server is not in the room');
  if (await readIsPartial(database.reader, room.roomNid)) {
    throw unableForNow(404);
  }
  return room;
}

/** Throws `403 M_FORBIDDEN` for a server that has nothing to do with the room, and what {@link findAskedRoom} throws. */
export async function admitServer(
  serving: Serving,
  origin: string,
  roomId: string,
): Promise<ServerAccess> {
  const room = await findAskedRoom(serving, origin, roomId);
  const servers = await serving.roomServers.of(room.roomNid);
  const partial = servers.isJoined(origin) ? undefined : await partialRoom(serving, room);
  const isNamed = partial?.serversInRoom.includes(origin) === true;
  const isInside = servers.isJoined(origin) || isNamed;
  const { reader } = serving.rooms.database;
  const needsGraph = isInside || (await readWasPutOut(reader, room.roomNid, origin));
  if (!needsGraph && servers.usersOf(origin).size === 0) {
    if (partial !== undefined) throw unableForNow(403);
    throw forbidden(`${origin} is not in the room`);
  }
  return { ...room, origin, servers, isInside, needsGraph };
}

/** What is known of a room whose members are still being learned. */
function partialRoom({ rooms }: Serving, { roomNid }: AskedRoom): Promise<PartialRoom | undefined> {
  return readPartialRoom(rooms.database.reader, roomNid);
}

/** As Synapse says it. */
function unableForNow(status: 403 | 404): MatrixError {
  return new MatrixError(
    status,
    'ORG.MATRIX.MSC3895_UNABLE_DUE_TO_PARTIAL_STATE',
    'This server has not learned the whole state of the room yet',
  );
}
