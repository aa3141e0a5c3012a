import { integerList, query } from '../../storage/sql.ts';
import type { Reader } from '../../storage/sql.ts';

/** Whose events an aggregation leaves out. */
export interface AggregationBounds {
  /** Users whom the viewer ignores. */
  readonly ignoredNids: readonly number[];
  /** The last order that the viewer may know of. */
  readonly orderMax: number;
}

/** What is aggregated under an event. */
export interface RelatedFacts {
  readonly eventNid: number;
  /** The most recent valid replacement. */
  readonly replacementNid: number | undefined;
  readonly isThreadRoot: boolean;
  readonly hasReferences: boolean;
}

export interface ThreadFacts {
  readonly rootNid: number;
  readonly count: number;
  readonly latestNid: number | undefined;
  readonly participated: boolean;
}

/** (up to which order, events) */
const relatedFacts = query<{
  event_nid: number;
  replacement_nid: number | null;
  root_nid: number | null;
  reference_nid: number | null;
}>(
  `select e.event_nid,
     (select r.child_nid from relations r where r.parent_nid = e.event_nid
        and r.replacement_id is not null and r.child_order <= ?
      order by r.ts desc, r.replacement_id desc limit 1) as replacement_nid,
     (select t.root_nid from threads t where t.root_nid = e.event_nid) as root_nid,
     (select r.child_nid from relations r where r.parent_nid = e.event_nid
        and r.relation_type = 'm.reference' limit 1) as reference_nid
   from events e where e.event_nid {in}`,
);
/** (ignored, order, order, ignored, order, user, threads) */
const threadFacts = query<{
  root_nid: number;
  count: number;
  latest_nid: number | null;
  participated: number | null;
}>(
  `select t.root_nid, t.reply_count
     - (select count(*) from relations r where r.parent_nid = t.root_nid
        and r.relation_type = 'm.thread' and r.sender_nid {in} and r.child_order <= ?)
     - (select count(*) from relations r where r.parent_nid = t.root_nid
        and r.relation_type = 'm.thread' and r.child_order > ?) as count,
     (select r.child_nid from relations r where r.parent_nid = t.root_nid
        and r.relation_type = 'm.thread' and not (r.sender_nid {in}) and r.child_order <= ?
      order by r.child_order desc limit 1) as latest_nid,
     (select p.root_nid from thread_participants p where p.room_nid = t.room_nid
        and p.user_nid = ? and p.root_nid = t.root_nid) as participated
   from threads t where t.root_nid {in}`,
);
/** How many references one response names at most. */
const REFERENCES_MAX = 1_000;
/** (events, order) */
const references = query<{ parent_nid: number; child_nid: number }>(
  `select r.parent_nid, r.child_nid from relations r where r.parent_nid {in}
     and r.relation_type = 'm.reference' and r.child_order <= ?
   order by r.parent_nid, r.child_order limit ${REFERENCES_MAX}`,
);

/** Those of the events under which something is aggregated. */
export async function readRelatedFacts(
  reader: Reader,
  eventNids: readonly number[],
  { orderMax }: AggregationBounds,
): Promise<RelatedFacts[]> {
  if (eventNids.length === 0) return [];
  const rows = await reader.all(relatedFacts, orderMax, integerList(eventNids));
  return rows
    .map((row) => ({
      eventNid: row.event_nid,
      replacementNid: row.replacement_nid ?? undefined,
      isThreadRoot: row.root_nid !== null,
      hasReferences: row.reference_nid !== null,
    }))
    .filter((one) => one.replacementNid !== undefined || one.isThreadRoot || one.hasReferences);
}

export async function readThreadFacts(
  reader: Reader,
  userNid: number,
  rootNids: readonly number[],
  { ignoredNids, orderMax }: AggregationBounds,
): Promise<ThreadFacts[]> {
  if (rootNids.length === 0) return [];
  const ignored = integerList(ignoredNids);
  const bounds = [ignored, orderMax, orderMax, ignored, orderMax] as const;
  const rows = await reader.all(threadFacts, ...bounds, userNid, integerList(rootNids));
  return rows.map((row) => ({
    rootNid: row.root_nid,
    count: row.count,
    latestNid: row.latest_nid ?? undefined,
    participated: row.participated !== null,
  }));
}

/** What refers to the events, oldest first: parent nid → child nids. */
export async function readReferences(
  reader: Reader,
  eventNids: readonly number[],
  { orderMax }: AggregationBounds,
): Promise<Map<number, number[]>> {
  const found = new Map<number, number[]>();
  if (eventNids.length === 0) return found;
  for (const row of await reader.all(references, integerList(eventNids), orderMax)) {
    const children = found.get(row.parent_nid) ?? [];
    children.push(row.child_nid);
    found.set(row.parent_nid, children);
  }
  return found;
}
