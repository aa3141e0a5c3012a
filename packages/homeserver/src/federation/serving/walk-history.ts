import { readPrevNids } from '../../rooms/edge-store.ts';
import { EventFlag, readEventById, readEvents } from '../../rooms/event-store.ts';
import type { EventRow } from '../../rooms/event-store.ts';
import type { Reader } from '../../storage/sql.ts';
import type { AskedRoom } from './admit-server.ts';
import { walkedEventsMax } from './limits.ts';

/** Where a walk begins, and what it takes. */
export interface Walk {
  readonly from: readonly EventRow[];
  /** Events that the walk does not go to. */
  readonly except: ReadonlySet<number>;
  readonly limit: number;
  /** Which of the events that were met is the next to be taken; the index of one. */
  pick(waiting: readonly EventRow[]): number;
  /** Whether an event is wanted; the walk goes on behind it all the same. */
  wants(row: EventRow): boolean;
}

/** The events of these IDs that have a place in the room's history. */
export async function readPlaced(
  reader: Reader,
  { roomNid }: AskedRoom,
  eventIds: readonly string[],
): Promise<EventRow[]> {
  const rows: EventRow[] = [];
  for (const eventId of new Set(eventIds)) {
    const row = await readEventById(reader, eventId);
    if (row !== undefined && isPlacedIn(row, roomNid)) rows.push(row);
  }
  return rows;
}

/** Goes from events to those that they follow, until enough are found. */
export async function walkHistory(reader: Reader, walk: Walk): Promise<EventRow[]> {
  const found: EventRow[] = [];
  const met = new Set([...walk.except, ...walk.from.map((row) => row.event_nid)]);
  const waiting = [...walk.from];
  for (let walked = 0; walked < walkedEventsMax && found.length < walk.limit; walked += 1) {
    const [row] = waiting.splice(walk.pick(waiting), 1);
    if (row === undefined) break;
    if (walk.wants(row)) found.push(row);
    const prevNids = (await readPrevNids(reader, [row.event_nid])).get(row.event_nid) ?? [];
    const fresh = prevNids.filter((nid) => !met.has(nid));
    for (const nid of fresh) met.add(nid);
    for (const prev of await readEvents(reader, fresh)) {
      if (isPlacedIn(prev, row.room_nid)) waiting.push(prev);
    }
  }
  return found;
}

function isPlacedIn(row: EventRow, roomNid: number): boolean {
  return row.room_nid === roomNid && (row.flags & EventFlag.outlier) === 0;
}
