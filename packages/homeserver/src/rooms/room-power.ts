import { powerLevels } from '@soma/protocol';
import type { PowerLevels } from '@soma/protocol';

import type { Reader } from '../storage/sql.ts';
import { readEvent } from './event-store.ts';
import { readCurrentContent } from './read-current-content.ts';
import type { RoomHead } from './room-head.ts';
import type { Rooms } from './rooms.ts';
import { readCreateEventNid } from './state-store.ts';
import { toStoredEvent } from './stored-event.ts';

/** Who may do what in a room, by its committed state; undefined for a room that this server does not have. */
export async function readPowerLevels(
  rooms: Rooms,
  reader: Reader,
  roomNid: number,
): Promise<PowerLevels | undefined> {
  const version = await rooms.versions.of(reader, roomNid);
  const createNid = await readCreateEventNid(reader, roomNid);
  const row = createNid === undefined ? undefined : await readEvent(reader, createNid);
  if (version === undefined || row === undefined) return undefined;
  const levels = await readCurrentContent(rooms, reader, roomNid, 'm.room.power_levels');
  return powerLevels(levels, toStoredEvent(row, version).pdu, version);
}

/** Who may do what, by the room's head. */
export async function powerLevelsOf(head: RoomHead): Promise<PowerLevels> {
  await head.load([
    ['m.room.create', ''],
    ['m.room.power_levels', ''],
  ]);
  const levels = head.get('m.room.power_levels', '')?.event.content;
  return powerLevels(levels, head.get('m.room.create', '')?.event, head.version);
}

/** Whether a user is in the room and has the power to send a state event of this type. */
export async function hasPowerFor(
  rooms: Rooms,
  reader: Reader,
  roomNid: number,
  userId: string,
  stateEventType: string,
): Promise<boolean> {
  const member = await readCurrentContent(rooms, reader, roomNid, 'm.room.member', userId);
  if (member?.['membership'] !== 'join') return false;
  const levels = await readPowerLevels(rooms, reader, roomNid);
  return (
    levels !== undefined && levels.userLevel(userId) >= levels.eventLevel(stateEventType, true)
  );
}
