import { readRoomDetails } from '../../directory/room-details-store.ts';
import { DETAIL_TYPES, detailsOfState } from '../../directory/room-details.ts';
import type { RoomDetails } from '../../directory/room-details.ts';
import { readEvents } from '../../rooms/event-store.ts';
import { readCurrentEntries } from '../../rooms/state-store.ts';
import { toStoredEvent } from '../../rooms/stored-event.ts';
import type { SlidingPass } from './sliding-pass.ts';

/** Name, avatar and type of a room; a room that is older than the table of them has them in its state. */
export async function detailsOf(pass: SlidingPass, roomNid: number): Promise<RoomDetails> {
  return (await readRoomDetails(pass.reader, roomNid)) ?? (await readFromState(pass, roomNid));
}

/** null for none. */
export async function roomTypeOf(pass: SlidingPass, roomNid: number): Promise<string | null> {
  return (await detailsOf(pass, roomNid)).roomType ?? null;
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
