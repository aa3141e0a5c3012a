import { isJsonObject } from '@soma/protocol';

import { readCurrentContent } from '../../rooms/read-current-content.ts';
import type { Rooms } from '../../rooms/rooms.ts';
import { readRemoteMembers } from '../membership-store.ts';
import { serverOfUser } from './candidate-servers.ts';

/** Members who are looked at for their servers. */
const MEMBERS_MAX = 200;

/** Other servers that are in a room, those first whose users have a power level of their own there. */
export async function serversOfRoom(rooms: Rooms, roomNid: number): Promise<string[]> {
  const { reader } = rooms.database;
  const levels = await readCurrentContent(rooms, reader, roomNid, 'm.room.power_levels');
  const named = Object.keys(isJsonObject(levels?.['users']) ? levels['users'] : {});
  const members: string[] = [];
  for (const userNid of await readRemoteMembers(reader, roomNid, MEMBERS_MAX)) {
    members.push(await rooms.names.users.text(userNid));
  }
  return [...new Set([...named, ...members].flatMap((userId) => serverOfUser(userId) ?? []))];
}
