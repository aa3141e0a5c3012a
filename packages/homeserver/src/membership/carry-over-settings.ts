import { isJsonObject } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import {
  GLOBAL,
  putAccountDataStatement,
  readAccountDataEntry,
} from '../accounts/account-data-store.ts';
import { readCurrentContent } from '../rooms/read-current-content.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { ChangeKind } from '../storage/change.ts';
import { write } from '../storage/database.ts';
import type { Reader, Statement } from '../storage/sql.ts';
import { readMembership } from './membership-store.ts';

/** Gives a user's push rules about one room to another. */
export type CopyRoomRules = (
  userNid: number,
  fromRoomId: string,
  toRoomId: string,
) => Promise<void>;

/**
 * Whoever joins a room that replaces another finds it set up as the old one was: tags, direct chats and push rules
 * (CS API, "Room Upgrades": "Server behaviour"). Does nothing in rooms that replace none.
 */
export async function carryOverSettings(
  rooms: Rooms,
  userNid: number,
  roomId: string,
  copyRoomRules: CopyRoomRules,
): Promise<void> {
  const { reader } = rooms.database;
  const roomNid = await rooms.names.rooms.find(roomId);
  const create =
    roomNid === undefined
      ? undefined
      : await readCurrentContent(rooms, reader, roomNid, 'm.room.create');
  const predecessor = create?.['predecessor'];
  const oldRoomId = isJsonObject(predecessor) ? predecessor['room_id'] : undefined;
  if (roomNid === undefined || typeof oldRoomId !== 'string') return;
  const oldRoomNid = await rooms.names.rooms.find(oldRoomId);
  if (oldRoomNid === undefined) return;
  if ((await readMembership(reader, userNid, oldRoomNid)) === undefined) return;
  // A room could name any other as its predecessor; only one that names it back has replaced it.
  const tombstone = await readCurrentContent(rooms, reader, oldRoomNid, 'm.room.tombstone');
  if (tombstone?.['replacement_room'] !== roomId) return;
  const statements = [
    ...(await copyTags(reader, userNid, oldRoomNid, roomNid)),
    ...(await replaceInDirect(reader, userNid, oldRoomId, roomId)),
  ];
  if (statements.length > 0) {
    const touches = [{ kind: ChangeKind.userData, subject: userNid }];
    await write(rooms.database, { statements, positions: 1, touches });
  }
  await copyRoomRules(userNid, oldRoomId, roomId);
}

async function copyTags(
  reader: Reader,
  userNid: number,
  fromRoomNid: number,
  toRoomNid: number,
): Promise<Statement[]> {
  const type = 'm.tag';
  const content = await readAccountDataEntry(reader, userNid, fromRoomNid, type);
  const own = await readAccountDataEntry(reader, userNid, toRoomNid, type);
  if (content === undefined || own !== undefined) return [];
  return [putAccountDataStatement(userNid, toRoomNid, { type, content })];
}

/** CS API, `m.direct`: lists of room IDs by user. */
async function replaceInDirect(
  reader: Reader,
  userNid: number,
  from: string,
  to: string,
): Promise<Statement[]> {
  const type = 'm.direct';
  const text = await readAccountDataEntry(reader, userNid, GLOBAL, type);
  const direct: unknown = text === undefined ? undefined : JSON.parse(text);
  if (!isJsonObject(direct)) return [];
  const next: JsonObject = Object.fromEntries(
    Object.entries(direct).map(([userId, roomIds]) => {
      if (!Array.isArray(roomIds) || !roomIds.includes(from)) return [userId, roomIds];
      return [userId, [...new Set(roomIds.map((roomId) => (roomId === from ? to : roomId)))]];
    }),
  );
  const content = JSON.stringify(next);
  if (content === JSON.stringify(direct)) return [];
  return [putAccountDataStatement(userNid, GLOBAL, { type, content })];
}
