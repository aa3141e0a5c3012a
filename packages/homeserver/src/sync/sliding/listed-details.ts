import { isJsonObject } from '@soma/protocol';

import { readRoomDetails } from '../../directory/room-details-store.ts';
import { DETAIL_TYPES, detailsOfState } from '../../directory/room-details.ts';
import type { RoomDetails } from '../../directory/room-details.ts';
import { readStrippedState } from '../../membership/membership-store.ts';
import { readEvents } from '../../rooms/event-store.ts';
import { readCurrentEntries } from '../../rooms/state-store.ts';
import { toStoredEvent } from '../../rooms/stored-event.ts';
import type { ListedRoom } from './room-listing-store.ts';
import type { SlidingPass } from './sliding-pass.ts';

/** Name, avatar and type of a room; a room that is older than the table of them has them in its state. */
export async function detailsOf(pass: SlidingPass, roomNid: number): Promise<RoomDetails> {
  return (await readRoomDetails(pass.reader, roomNid)) ?? (await readFromState(pass, roomNid));
}

/** null for none. */
export async function roomTypeOf(pass: SlidingPass, roomNid: number): Promise<string | null> {
  return (await detailsOf(pass, roomNid)).roomType ?? null;
}

/** Of a room that the viewer is not in, the name by which it was shown; undefined where it has none. */
export async function nameOf(
  pass: SlidingPass,
  { roomNid, userNid, membership }: ListedRoom,
): Promise<string | undefined> {
  if (membership !== 'invite' && membership !== 'knock')
    return (await detailsOf(pass, roomNid)).name;
  const text = await readStrippedState(pass.reader, userNid, roomNid);
  const stripped: unknown = text === undefined ? [] : JSON.parse(text);
  const events: unknown[] = Array.isArray(stripped) ? stripped : [];
  for (const event of events) {
    if (!isJsonObject(event) || event['type'] !== 'm.room.name') continue;
    const name = isJsonObject(event['content']) ? event['content']['name'] : undefined;
    if (typeof name === 'string') return name;
  }
  return undefined;
}

async function readFromState(
  { context, reader }: SlidingPass,
  roomNid: number,
): Promise<RoomDetails> {
  const { names, versions } = context.sync.rooms;
  const version = await versions.of(reader, roomNid);
  if (version === undefined) return detailsOfState(() => undefined);
  const typeNids: number[] = [];
  const keyNids: number[] = [];
  for (const type of DETAIL_TYPES) {
    const typeNid = await names.eventTypes.find(type);
    const keyNid = await names.stateKeys.find(type, '');
    if (typeNid !== undefined) typeNids.push(typeNid);
    if (keyNid !== undefined) keyNids.push(keyNid);
  }
  const current = await readCurrentEntries(reader, roomNid, typeNids, keyNids);
  const events = (await readEvents(reader, [...current.values()])).map(
    (row) => toStoredEvent(row, version).pdu,
  );
  return detailsOfState((type) => events.find((pdu) => pdu.type === type)?.content);
}
