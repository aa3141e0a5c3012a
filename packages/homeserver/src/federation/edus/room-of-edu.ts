import type { ServerName } from '@soma/protocol';

import type { Ephemeral } from '../../ephemeral/ephemeral.ts';
import { readCounts } from '../../membership/membership-store.ts';

/** The room, if this server is in it and its ACL lets the other server take part (CS API, "Server ACLs"). */
export async function roomOfEdu(
  { rooms }: Ephemeral,
  origin: ServerName,
  roomId: string,
): Promise<number | undefined> {
  const { names, database } = rooms;
  const roomNid = await names.rooms.find(roomId);
  if (roomNid === undefined) return undefined;
  return database.read(async (reader) => {
    if ((await readCounts(reader, roomNid)).localJoined === 0) return undefined;
    return (await rooms.acls.allows(reader, roomNid, origin)) ? roomNid : undefined;
  });
}

/** The nid of a user who is in the room. */
export async function memberOfEdu(
  { rooms, isJoined }: Ephemeral,
  userId: string,
  roomNid: number,
): Promise<number | undefined> {
  const userNid = await rooms.names.users.find(userId);
  if (userNid === undefined) return undefined;
  return (await isJoined(rooms.database.reader, userNid, roomNid)) ? userNid : undefined;
}
