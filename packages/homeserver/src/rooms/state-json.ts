import type { JsonObject } from '@soma/protocol';

import type { Reader } from '../storage/sql.ts';
import { clientEvent } from './client-event.ts';
import { EventFlag, readEvents, readRedactions } from './event-store.ts';
import type { Rooms } from './rooms.ts';
import { toStoredEvent } from './stored-event.ts';
import type { StoredEvent } from './stored-event.ts';

/** State events of one room in client format, without what depends on who asks. */
export async function stateEventsJson(
  rooms: Rooms,
  reader: Reader,
  events: readonly StoredEvent[],
  roomId: string,
): Promise<JsonObject[]> {
  const redactions = await readRedactionsOf(rooms, reader, events);
  const now = rooms.now();
  return events.map((event) => {
    const age = Math.max(0, now - event.pdu.origin_server_ts);
    const redaction = redactions.get(event.eventNid);
    const unsigned: JsonObject =
      redaction === undefined
        ? { age }
        : { age, redacted_because: clientEvent(redaction, {}, undefined) };
    return clientEvent(event, unsigned, roomId);
  });
}

/** By the nid of the event that each of them redacts. */
async function readRedactionsOf(
  rooms: Rooms,
  reader: Reader,
  events: readonly StoredEvent[],
): Promise<Map<number, StoredEvent>> {
  const redacted = events.filter(({ flags }) => (flags & EventFlag.redacted) !== 0);
  const [first] = redacted;
  const found = new Map<number, StoredEvent>();
  const version = first === undefined ? undefined : await rooms.versions.of(reader, first.roomNid);
  if (version === undefined) return found;
  const nids = await readRedactions(
    reader,
    redacted.map(({ eventNid }) => eventNid),
  );
  const rows = await readEvents(reader, [...nids.values()]);
  const byNid = new Map(rows.map((row) => [row.event_nid, toStoredEvent(row, version)]));
  for (const [target, nid] of nids) {
    const redaction = byNid.get(nid);
    if (redaction !== undefined) found.set(target, redaction);
  }
  return found;
}
