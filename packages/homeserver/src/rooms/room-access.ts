import { historyVisibilityOf, isJsonObject } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import { forbidden } from '../errors/matrix-error.ts';
import type { Reader } from '../storage/sql.ts';
import { readEvent } from './event-store.ts';
import type { EventRow } from './event-store.ts';
import type { Rooms } from './rooms.ts';
import {
  readCurrentState,
  readCurrentStateKey,
  readSnapshot,
  readSnapshotKey,
} from './state-store.ts';
import type { Viewer } from './viewer.ts';

/** What of a room somebody may read. */
export interface RoomAccess {
  readonly roomNid: number;
  /** The member event by which the viewer left or was removed; undefined for who sees the room as it is now. */
  readonly leftBy: EventRow | undefined;
}

/**
 * Whether the viewer may read the room at all: members as it is, former members as it was when they left, anyone
 * where it is world readable (CS API, "Room history visibility"). Throws `403 M_FORBIDDEN`.
 */
export async function readRoomAccess(
  rooms: Rooms,
  reader: Reader,
  viewer: Viewer,
  roomId: string,
): Promise<RoomAccess> {
  const roomNid = await rooms.names.rooms.find(roomId);
  if (roomNid === undefined) throw notAMember();
  const member = await readEntry(rooms, reader, roomNid, 'm.room.member', viewer.userId);
  const membership = member?.content['membership'];
  if (membership === 'join') return { roomNid, leftBy: undefined };
  const visibility = await readEntry(rooms, reader, roomNid, 'm.room.history_visibility', '');
  if (historyVisibilityOf(visibility?.content) === 'world_readable') {
    return { roomNid, leftBy: undefined };
  }
  if (member === undefined || (membership !== 'leave' && membership !== 'ban')) throw notAMember();
  if (await rooms.hasForgotten(reader, viewer.userNid, roomNid)) throw notAMember();
  const leftBy = await readDeparture(rooms, reader, member.row, viewer.userId);
  if (leftBy === undefined) throw notAMember();
  return { roomNid, leftBy };
}

/**
 * The event by which a user was no longer joined, given the user's present member event. A ban or a rejected
 * invitation that came later shows nothing more of the room; undefined for who never was in it.
 */
export async function readDeparture(
  rooms: Rooms,
  reader: Reader,
  member: EventRow,
  userId: string,
): Promise<EventRow | undefined> {
  const keyNid = await rooms.names.stateKeys.find('m.room.member', userId);
  for (let row: EventRow | undefined = member; row !== undefined;) {
    if (keyNid === undefined || row.state_before === null) return undefined;
    const beforeNid = await readSnapshotKey(reader, row.state_before, keyNid);
    const before: EventRow | undefined =
      beforeNid === undefined ? undefined : await readEvent(reader, beforeNid);
    if (before !== undefined && contentOf(before)['membership'] === 'join') return row;
    row = before;
  }
  return undefined;
}

/** The state that the access lets one see: state key nid → event nid. */
export async function readStateFor(
  reader: Reader,
  access: RoomAccess,
): Promise<Map<number, number>> {
  const { leftBy, roomNid } = access;
  if (leftBy === undefined) return readCurrentState(reader, roomNid);
  const state = await readSnapshot(reader, leftBy.state_before ?? 0);
  if (leftBy.state_key_nid !== null) state.set(leftBy.state_key_nid, leftBy.event_nid);
  return state;
}

/** One entry of that state. */
export async function readStateKeyFor(
  rooms: Rooms,
  reader: Reader,
  access: RoomAccess,
  type: string,
  stateKey: string,
): Promise<number | undefined> {
  const typeNid = await rooms.names.eventTypes.find(type);
  const keyNid = await rooms.names.stateKeys.find(type, stateKey);
  if (typeNid === undefined || keyNid === undefined) return undefined;
  const { leftBy, roomNid } = access;
  if (leftBy === undefined) return readCurrentStateKey(reader, roomNid, typeNid, keyNid);
  if (leftBy.state_key_nid === keyNid) return leftBy.event_nid;
  return readSnapshotKey(reader, leftBy.state_before ?? 0, keyNid);
}

function notAMember(): Error {
  return forbidden('You are not a member of this room');
}

async function readEntry(
  rooms: Rooms,
  reader: Reader,
  roomNid: number,
  type: string,
  stateKey: string,
): Promise<{ row: EventRow; content: JsonObject } | undefined> {
  const typeNid = await rooms.names.eventTypes.find(type);
  const keyNid = await rooms.names.stateKeys.find(type, stateKey);
  if (typeNid === undefined || keyNid === undefined) return undefined;
  const eventNid = await readCurrentStateKey(reader, roomNid, typeNid, keyNid);
  const row = eventNid === undefined ? undefined : await readEvent(reader, eventNid);
  return row === undefined ? undefined : { row, content: contentOf(row) };
}

function contentOf(row: EventRow): JsonObject {
  const pdu: unknown = JSON.parse(row.json);
  const content = isJsonObject(pdu) ? pdu['content'] : undefined;
  return isJsonObject(content) ? content : {};
}
