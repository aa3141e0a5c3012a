import type { JsonObject } from '@soma/protocol';

import { forbidden, notFound } from '../errors/matrix-error.ts';
import { readAt } from '../storage/database.ts';
import type { Reader } from '../storage/sql.ts';
import { readEventById, readEvents, timelineQueries } from './event-store.ts';
import type { EventRow } from './event-store.ts';
import { parsePaginationToken } from './pagination-token.ts';
import { bundleRelations } from './relations/bundle-relations.ts';
import { readRoomAccess, readStateFor, readStateKeyFor } from './room-access.ts';
import type { RoomAccess } from './room-access.ts';
import type { Rooms } from './rooms.ts';
import { stateEventsJson } from './state-json.ts';
import { readCurrentStateOfType, readSnapshot } from './state-store.ts';
import { toStoredEvent } from './stored-event.ts';
import type { StoredEvent } from './stored-event.ts';
import { viewEvents } from './view-events.ts';
import type { Viewer } from './viewer.ts';

/** The room's state events, as the viewer may see it (CS API, `GET /rooms/{roomId}/state`). */
export async function readState(
  rooms: Rooms,
  viewer: Viewer,
  roomId: string,
): Promise<JsonObject[]> {
  await waitForAll(rooms, viewer, roomId);
  return readAt(rooms.database, async (reader) => {
    const access = await readRoomAccess(rooms, reader, viewer, roomId);
    return readStateWith(rooms, reader, access, roomId);
  });
}

/** Waits until all members of the room are known. Throws `403 M_FORBIDDEN` for who may not read it anyway. */
async function waitForAll(rooms: Rooms, viewer: Viewer, roomId: string): Promise<void> {
  const { roomNid } = await readRoomAccess(rooms, rooms.database.reader, viewer, roomId);
  await rooms.whole.wait(roomNid);
}

/** The room's state events, as far as the access goes. */
export async function readStateWith(
  rooms: Rooms,
  reader: Reader,
  access: RoomAccess,
  roomId: string,
): Promise<JsonObject[]> {
  const state = await readStateFor(reader, access);
  const events = await loadState(rooms, reader, access.roomNid, [...state.values()]);
  return stateEventsJson(rooms, reader, events, roomId);
}

/** One state event (CS API, `GET /rooms/{roomId}/state/{eventType}/{stateKey}`). Throws `404 M_NOT_FOUND`. */
export async function readStateEvent(
  rooms: Rooms,
  viewer: Viewer,
  roomId: string,
  type: string,
  stateKey: string,
): Promise<JsonObject> {
  const isOwn = stateKey.endsWith(`:${rooms.serverName}`);
  if (type === 'm.room.member' && !isOwn) await waitForAll(rooms, viewer, roomId);
  return readAt(rooms.database, async (reader) => {
    const access = await readRoomAccess(rooms, reader, viewer, roomId);
    const eventNid = await readStateKeyFor(rooms, reader, access, type, stateKey);
    const events =
      eventNid === undefined ? [] : await loadState(rooms, reader, access.roomNid, [eventNid]);
    const [json] = await stateEventsJson(rooms, reader, events, roomId);
    if (json === undefined) throw notFound('The room has no such state event');
    return json;
  });
}

export interface MembersRequest {
  readonly viewer: Viewer;
  readonly roomId: string;
  /** A token: the members as of then. */
  readonly at?: string | undefined;
  readonly membership?: string | undefined;
  readonly notMembership?: string | undefined;
}

/** Member events of a room (CS API, `GET /rooms/{roomId}/members`). */
export async function readMembers(rooms: Rooms, request: MembersRequest): Promise<JsonObject[]> {
  const { viewer, roomId, at, membership, notMembership } = request;
  await waitForAll(rooms, viewer, roomId);
  return readAt(rooms.database, async (reader) => {
    const access = await readRoomAccess(rooms, reader, viewer, roomId);
    const memberNids = await readMemberNids(rooms, reader, viewer, access, at);
    const events = await loadState(rooms, reader, access.roomNid, memberNids);
    const wanted = events.filter(({ pdu }) => {
      const { membership: current } = pdu.content;
      return (
        (membership === undefined || current === membership) &&
        (notMembership === undefined || current !== notMembership)
      );
    });
    return stateEventsJson(rooms, reader, wanted, roomId);
  });
}

async function readMemberNids(
  rooms: Rooms,
  reader: Reader,
  viewer: Viewer,
  access: RoomAccess,
  at: string | undefined,
): Promise<number[]> {
  const { roomNid, leftBy } = access;
  if (at === undefined && leftBy === undefined) {
    const typeNid = await rooms.names.eventTypes.find('m.room.member');
    const current =
      typeNid === undefined ? undefined : await readCurrentStateOfType(reader, roomNid, typeNid);
    return [...(current?.values() ?? [])];
  }
  const state =
    at === undefined
      ? await readStateFor(reader, access)
      : await readStateAt(rooms, reader, viewer, roomNid, at);
  const memberNids: number[] = [];
  for (const [keyNid, eventNid] of state) {
    const pair =
      rooms.names.stateKeys.cachedPair(keyNid) ?? (await rooms.names.stateKeys.pair(keyNid));
    if (pair.type === 'm.room.member') memberNids.push(eventNid);
  }
  return memberNids;
}

/**
 * One event that the viewer may see (CS API, `GET /rooms/{roomId}/event/{eventId}`), of whichever room where none is
 * named (`GET /events/{eventId}`). Throws `404 M_NOT_FOUND`.
 */
export function readRoomEvent(
  rooms: Rooms,
  viewer: Viewer,
  roomId: string | undefined,
  eventId: string,
): Promise<JsonObject> {
  return readAt(rooms.database, async (reader) => {
    const row = await readEventById(reader, eventId);
    if (row === undefined) throw noEvent();
    const roomNid = roomId === undefined ? row.room_nid : await rooms.names.rooms.find(roomId);
    if (roomNid !== row.room_nid) throw noEvent();
    await checkNotForgotten(rooms, reader, viewer, roomId, roomNid);
    const [viewed] = await bundleRelations(
      { rooms, reader, viewer, roomNid },
      await viewEvents(rooms, reader, viewer, roomNid, [row]),
    );
    if (viewed === undefined) throw noEvent();
    return viewed.client;
  });
}

/** Who has forgotten a room is to it what a stranger is. Throws `403 M_FORBIDDEN`. */
export async function checkNotForgotten(
  rooms: Rooms,
  reader: Reader,
  viewer: Viewer,
  roomId: string | undefined,
  roomNid: number,
): Promise<void> {
  if (await rooms.hasForgotten(reader, viewer.userNid, roomNid)) {
    await readRoomAccess(rooms, reader, viewer, roomId ?? (await rooms.names.rooms.text(roomNid)));
  }
}

function noEvent(): Error {
  return notFound('There is no such event, or you may not see it');
}

/** The state after the last event that a token covers, for who may see that event. */
async function readStateAt(
  rooms: Rooms,
  reader: Reader,
  viewer: Viewer,
  roomNid: number,
  token: string,
): Promise<Map<number, number>> {
  const row = await readLastBefore(reader, roomNid, token);
  if (row === undefined || row.state_before === null) return new Map();
  const [visible] = await viewEvents(rooms, reader, viewer, roomNid, [row]);
  if (visible === undefined) throw forbidden('You may not see the room as it was then');
  const state = await readSnapshot(reader, row.state_before);
  if (row.state_key_nid !== null) state.set(row.state_key_nid, row.event_nid);
  return state;
}

async function readLastBefore(
  reader: Reader,
  roomNid: number,
  token: string,
): Promise<EventRow | undefined> {
  const parsed = parsePaginationToken('at', token);
  if (parsed.kind === 'live') {
    const [last] = await reader.all(timelineQueries.newest, roomNid, -1, parsed.position, 1);
    return last;
  }
  const { depth, order } = parsed.place;
  const [last] = await reader.all(timelineQueries.before, roomNid, depth, depth, order, 1);
  return last;
}

/** Events by their nids, as they are stored. */
export async function loadState(
  rooms: Rooms,
  reader: Reader,
  roomNid: number,
  eventNids: readonly number[],
): Promise<StoredEvent[]> {
  const version = await rooms.versions.of(reader, roomNid);
  if (version === undefined) return [];
  const rows = await readEvents(reader, eventNids);
  return rows.map((row) => toStoredEvent(row, version));
}
