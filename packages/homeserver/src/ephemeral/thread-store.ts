import { escapeText } from '../storage/escape-text.ts';
import { query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';
import { MAIN_TIMELINE } from './thread.ts';

/** Where in a room an event is. */
export interface EventPlace {
  readonly eventNid: number;
  readonly roomNid: number;
  /** Null for an outlier. */
  readonly order: number | null;
  readonly threadNid: number;
}

interface PlaceRow {
  readonly event_nid: number;
  readonly room_nid: number;
  readonly event_order: number | null;
  readonly thread_nid: number | null;
}

const putThread = query('insert into event_threads (event_nid, thread_nid) values (?, ?)');
const placeOf = `select e.event_nid, e.room_nid, e.event_order, t.thread_nid from events e
  left join event_threads t on t.event_nid = e.event_nid`;
const placeByNid = query<PlaceRow>(`${placeOf} where e.event_nid = ?`);
const placeById = query<PlaceRow>(
  `${placeOf} where e.event_nid = (select event_nid from event_ids where event_id = ?)`,
);

/** Puts an event into a thread; one without a row is in the main timeline. */
export function putThreadStatement(eventNid: number, threadNid: number): Statement {
  return statement(putThread, eventNid, threadNid);
}

export async function readEventPlace(
  reader: Reader,
  eventNid: number,
): Promise<EventPlace | undefined> {
  return toPlace(await reader.get(placeByNid, eventNid));
}

export async function findEventPlace(
  reader: Reader,
  eventId: string,
): Promise<EventPlace | undefined> {
  return toPlace(await reader.get(placeById, escapeText(eventId)));
}

function toPlace(row: PlaceRow | undefined): EventPlace | undefined {
  if (row === undefined) return undefined;
  return {
    eventNid: row.event_nid,
    roomNid: row.room_nid,
    order: row.event_order,
    threadNid: row.thread_nid ?? MAIN_TIMELINE,
  };
}
