import type { Reader } from '../../storage/sql.ts';
import { readPrevNids } from '../edge-store.ts';
import { readEventsToRecheck } from '../partial-room-store.ts';
import type { PartialEventRow } from '../partial-room-store.ts';
import { eventsAtOnce } from './limits.ts';

/** An event that came while its room was known in part, and the events that it stands on. */
export interface EventSinceJoin {
  readonly row: PartialEventRow;
  readonly prevNids: readonly number[];
}

/** The events of a room above an order that are to be checked again, oldest first. */
export async function* eventsSinceJoin(
  reader: Reader,
  roomNid: number,
  above: number,
): AsyncGenerator<EventSinceJoin> {
  for (let upTo = above, isMore = true; isMore;) {
    const rows = await readEventsToRecheck(reader, roomNid, upTo, eventsAtOnce);
    const nids = rows.map((row) => row.event_nid);
    const prev = await readPrevNids(reader, nids);
    for (const row of rows) yield { row, prevNids: prev.get(row.event_nid) ?? [] };
    upTo = rows.at(-1)?.event_order ?? upTo;
    isMore = rows.length === eventsAtOnce;
  }
}
