import { escapeText, unescapeText } from '../storage/escape-text.ts';
import { integerList, query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';
import { HOPS_MAX, MAIN_TIMELINE } from './thread.ts';
import type { ThreadPlace } from './thread.ts';

/** Where in a room an event is. */
export interface EventPlace extends ThreadPlace {
  readonly eventNid: number;
  readonly roomNid: number;
  /** Null for an outlier. */
  readonly order: number | null;
}

interface PlaceRow {
  readonly event_nid: number;
  readonly room_nid: number;
  readonly event_order: number | null;
  readonly thread_nid: number | null;
  readonly hops: number | null;
}

const putThread = query('insert into event_threads (event_nid, thread_nid, hops) values (?, ?, ?)');
/**
 * What comes into a thread together with an event that it stands on by its relationships: `followers (event_nid, hops)`.
 * (hops of the event, event)
 */
export const followersOf = `with recursive followers (event_nid, hops) as (
  select child_nid, cast(? as bigint) + 1 from relations
  where parent_nid = ? and relation_type <> 'm.thread'
  union select r.child_nid, f.hops + 1 from followers f
    join relations r on r.parent_nid = f.event_nid and r.relation_type <> 'm.thread'
  where f.hops < ${HOPS_MAX})`;
const putFollowers = query(
  `${followersOf} insert into event_threads (event_nid, thread_nid, hops)
   select event_nid, cast(? as bigint), hops from followers where hops <= ${HOPS_MAX}
   on conflict do nothing`,
);
const putLateRoot = query(
  'insert into late_thread_roots (thread_nid, event_id) values (?, ?) on conflict do nothing',
);
const endLateRoot = query('delete from late_thread_roots where thread_nid = ?');
const rootIds = query<{ event_nid: number; event_id: string }>(
  'select event_nid, event_id from events where event_nid {in}',
);
const lateRootIds = query<{ event_nid: number; event_id: string }>(
  'select thread_nid as event_nid, event_id from late_thread_roots where thread_nid {in}',
);
const placeOf = `select e.event_nid, e.room_nid, e.event_order, t.thread_nid, t.hops from events e
  left join event_threads t on t.event_nid = e.event_nid`;
const placeByNid = query<PlaceRow>(`${placeOf} where e.event_nid = ?`);
const placeById = query<PlaceRow>(
  `${placeOf} where e.event_nid = (select event_nid from event_ids where event_id = ?)`,
);

/** Puts an event into a thread; one without a row is in the main timeline. */
export function putThreadStatement(eventNid: number, { threadNid, hops }: ThreadPlace): Statement {
  return statement(putThread, eventNid, threadNid, hops);
}

/** Puts what stands on the event by its relationships into the event's thread as well. */
export function putFollowersStatement(
  eventNid: number,
  { threadNid, hops }: ThreadPlace,
): Statement {
  return statement(putFollowers, hops, eventNid, threadNid);
}

/** Remembers the ID of a thread's root that is still to come. */
export function putLateRootStatement(threadNid: number, eventId: string): Statement {
  return statement(putLateRoot, threadNid, escapeText(eventId));
}

/** The event is there. */
export function endLateRootStatement(eventNid: number): Statement {
  return statement(endLateRoot, eventNid);
}

/** Event IDs of thread roots, also of those that are still to come. */
export async function readThreadIds(
  reader: Reader,
  threadNids: readonly number[],
): Promise<Map<number, string>> {
  if (threadNids.length === 0) return new Map();
  const rows = await reader.all(rootIds, integerList(threadNids));
  if (rows.length < threadNids.length) {
    rows.push(...(await reader.all(lateRootIds, integerList(threadNids))));
  }
  return new Map(rows.map((row) => [row.event_nid, unescapeText(row.event_id)]));
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
    hops: row.hops ?? 0,
  };
}
