import type { JsonObject } from '@soma/protocol';

import { readAliasesOfRoom, moveAliasesStatement } from '../directory/alias-store.ts';
import type { Directory } from '../directory/directory.ts';
import { isPublished, publishStatement } from '../directory/room-details-store.ts';
import { withoutAliases } from '../directory/without-aliases.ts';
import { forbidden, notFound } from '../errors/matrix-error.ts';
import { createRoom } from '../rooms/create-room.ts';
import type { RoomHead } from '../rooms/room-head.ts';
import { powerLevelsOf } from '../rooms/room-power.ts';
import { writeToRoom } from '../rooms/room-write.ts';
import type { RoomWrite } from '../rooms/room-write.ts';
import { replacementOf } from './replacement-room.ts';
import type { RoomUpgrade } from './replacement-room.ts';

/**
 * Replaces a room by a new one of another version (CS API, "Room Upgrades": "Server behaviour"). Resolves to the
 * new room's ID. Throws `403 M_FORBIDDEN`, `404 M_NOT_FOUND`.
 */
export async function upgradeRoom(directory: Directory, upgrade: RoomUpgrade): Promise<string> {
  const { rooms } = directory;
  const { roomId, user } = upgrade;
  const roomNid = await rooms.names.rooms.find(roomId);
  if (roomNid === undefined) throw notFound('No such room is known to this server');
  const replacement = await rooms.heads.run(roomNid, async (head) => {
    if (head === undefined) throw notFound('No such room is known to this server');
    await checkMayUpgrade(head, user.userId);
    return replacementOf(rooms, head, upgrade);
  });
  const newRoomId = await createRoom(rooms, replacement);
  const newRoomNid = await rooms.names.rooms.intern(newRoomId);
  const aliases = await readAliasesOfRoom(rooms.database.reader, roomNid);
  const wasPublished = await isPublished(rooms.database.reader, roomNid);
  await writeToRoom(rooms, roomNid, async (write) => {
    await write.append({
      type: 'm.room.tombstone',
      stateKey: '',
      sender: user.userId,
      content: { body: 'This room has been replaced', replacement_room: newRoomId },
    });
    await dropAliases(write, user.userId, aliases);
    await restrict(write, user.userId);
    write.add(moveAliasesStatement(roomNid, newRoomNid));
    if (wasPublished) {
      write.add(publishStatement(roomNid, false), publishStatement(newRoomNid, true));
    }
  });
  return newRoomId;
}

async function checkMayUpgrade(head: RoomHead, userId: string): Promise<void> {
  await head.load([['m.room.member', userId]]);
  const membership = head.get('m.room.member', userId)?.event.content['membership'];
  if (membership !== 'join') throw forbidden('You are not in this room');
  if (!(await hasPower(head, userId, 'm.room.tombstone'))) {
    throw forbidden('You do not have the power to upgrade this room');
  }
}

async function hasPower(head: RoomHead, userId: string, type: string): Promise<boolean> {
  const levels = await powerLevelsOf(head);
  return levels.userLevel(userId) >= levels.eventLevel(type, true);
}

/** The old room no longer names the aliases that lead to the new one, if the user may say so. */
async function dropAliases(
  write: RoomWrite,
  userId: string,
  aliases: readonly string[],
): Promise<void> {
  const type = 'm.room.canonical_alias';
  await write.head.load([[type, '']]);
  const before = write.head.get(type, '')?.event.content;
  const content = before === undefined ? undefined : withoutAliases(before, aliases);
  if (content === undefined || !(await hasPower(write.head, userId, type))) return;
  await write.append({ type, stateKey: '', sender: userId, content });
}

/** Only moderators still speak in the old room, and invite to it, if the user may decide that. */
async function restrict(write: RoomWrite, userId: string): Promise<void> {
  const { head } = write;
  const type = 'm.room.power_levels';
  const levels = await powerLevelsOf(head);
  const level = Math.max(50, levels.usersDefault + 1);
  const needed = Math.max(level, levels.eventLevel(type, true));
  if (levels.userLevel(userId) < needed) return;
  const content: JsonObject = { ...head.get(type, '')?.event.content };
  content['events_default'] = Math.max(level, levels.eventsDefault);
  content['invite'] = Math.max(level, levels.invite);
  const isRaised = levels.eventsDefault < level || levels.invite < level;
  if (isRaised) await write.append({ type, stateKey: '', sender: userId, content });
}
