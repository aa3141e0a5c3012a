import { readOutOfBandEvent } from '../../membership/remote/out-of-band-store.ts';
import { readEvent } from '../../rooms/event-store.ts';
import type { EventRow } from '../../rooms/event-store.ts';
import type { Reader } from '../../storage/sql.ts';

/** What pushers tell of: an event of a room, or an invitation to one that this server is not in. */
export type PushedEvent = Pick<
  EventRow,
  'event_id' | 'sender_nid' | 'event_order' | 'flags' | 'json'
>;

export async function readPushedEvent(
  reader: Reader,
  eventNid: number,
): Promise<PushedEvent | undefined> {
  const row = await readEvent(reader, eventNid);
  if (row !== undefined) return row;
  const outOfBand = await readOutOfBandEvent(reader, eventNid);
  if (outOfBand === undefined) return undefined;
  const { eventId, senderNid, json } = outOfBand;
  return { event_id: eventId, sender_nid: senderNid, event_order: null, flags: 0, json };
}
