import type { Reader } from '../../storage/sql.ts';
import { readEvent } from '../event-store.ts';
import type { Rooms } from '../rooms.ts';
import { readCurrentStateKey } from '../state-store.ts';
import type { Viewer } from '../viewer.ts';
import type { AggregationBounds } from './bundle-store.ts';

/** What an aggregation leaves out for this viewer: what ignored users sent, and what came after a departure. */
export async function readAggregationBounds(
  rooms: Rooms,
  reader: Reader,
  viewer: Viewer,
  roomNid: number,
): Promise<AggregationBounds> {
  const ignoredNids: number[] = [];
  for (const userId of await rooms.ignoredBy(viewer.userNid)) {
    const userNid = await rooms.names.users.find(userId);
    if (userNid !== undefined) ignoredNids.push(userNid);
  }
  return { ignoredNids, orderMax: await readOrderMax(rooms, reader, viewer, roomNid) };
}

async function readOrderMax(
  rooms: Rooms,
  reader: Reader,
  { userId, userNid }: Viewer,
  roomNid: number,
): Promise<number> {
  if (await rooms.isJoined(reader, userNid, roomNid)) return Number.MAX_SAFE_INTEGER;
  const { eventTypes, stateKeys } = rooms.names;
  const typeNid = await eventTypes.find('m.room.member');
  const keyNid = await stateKeys.find('m.room.member', userId);
  if (typeNid === undefined || keyNid === undefined) return Number.MAX_SAFE_INTEGER;
  const memberNid = await readCurrentStateKey(reader, roomNid, typeNid, keyNid);
  const member = memberNid === undefined ? undefined : await readEvent(reader, memberNid);
  // Of those who never were in the room the visibility of each event decides alone.
  return member?.event_order ?? Number.MAX_SAFE_INTEGER;
}
