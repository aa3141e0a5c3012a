import { parseServerName } from '@soma/protocol';

import { candidatesMax } from './limits.ts';
import type { RemoteRooms } from './remote-rooms.ts';

/**
 * Servers to ask about a room, the likeliest first: those that are named, and then the one in the room's ID, which
 * was in the room once. Rooms from version 12 on name none.
 */
export function candidateServers(
  { rooms, client }: Pick<RemoteRooms, 'rooms' | 'client'>,
  named: readonly string[],
  roomId: string,
): string[] {
  const colon = roomId.indexOf(':');
  const all = colon === -1 ? named : [...named, roomId.slice(colon + 1)];
  const usable = all.filter(
    (server) =>
      parseServerName(server) !== undefined && server !== rooms.serverName && client.allows(server),
  );
  return [...new Set(usable)].slice(0, candidatesMax);
}

/** The server of a user; undefined where the ID is none. */
export function serverOfUser(userId: string): string | undefined {
  const colon = userId.indexOf(':');
  return colon === -1 ? undefined : parseServerName(userId.slice(colon + 1));
}
