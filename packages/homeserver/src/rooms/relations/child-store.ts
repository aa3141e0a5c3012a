import { escapeText } from '../../storage/escape-text.ts';
import { query } from '../../storage/sql.ts';
import type { Query, Reader } from '../../storage/sql.ts';

/** A stretch of what relates to an event. */
export interface ChildQuestion {
  readonly parentNid: number;
  readonly relationType: string | undefined;
  readonly typeNid: number | undefined;
  /** Also what relates to it indirectly. */
  readonly recurse: boolean;
  /** `older`: below the order, newest first; `newer`: from it on, oldest first. */
  readonly direction: 'older' | 'newer';
  readonly order: number;
  readonly limit: number;
}

interface ChildRow {
  readonly child_nid: number;
  readonly child_order: number;
}

type ChildQuery = Query<ChildRow>;

/** One query for each form of the question; the parameters are those of {@link readChildren}. */
const queries = new Map<string, ChildQuery>();
for (const direction of ['older', 'newer'] as const) {
  for (const isTyped of [false, true]) {
    for (const recurse of [false, true]) {
      queries.set(`${direction} ${isTyped} ${recurse}`, childQuery(direction, isTyped, recurse));
    }
  }
}

function childQuery(
  direction: ChildQuestion['direction'],
  isTyped: boolean,
  recurse: boolean,
): ChildQuery {
  const [beyond, order] = direction === 'older' ? ['<', 'desc'] : ['>=', 'asc'];
  const part = (table: string, parent: string): string =>
    `select * from (select child_nid, child_order from ${table} where ${parent} = ?
       ${isTyped ? 'and relation_type = ?' : ''} and child_order ${beyond} ?
       and (cast(? as bigint) = 0 or type_nid = ?)
     order by child_order ${order} limit ?) ${table}_part`;
  const direct = part('relations', 'parent_nid');
  const all = recurse
    ? `${direct} union all ${part('indirect_relations', 'ancestor_nid')}`
    : direct;
  return query<ChildRow>(
    `select child_nid, child_order from (${all}) children order by child_order ${order} limit ?`,
  );
}

/** What relates to an event, in the order of arrival. */
export async function readChildren(
  reader: Reader,
  { parentNid, relationType, typeNid = 0, recurse, direction, order, limit }: ChildQuestion,
): Promise<{ readonly eventNid: number; readonly order: number }[]> {
  const of = queries.get(`${direction} ${relationType !== undefined} ${recurse}`);
  if (of === undefined) throw new Error('a question without a query');
  const type = relationType === undefined ? [] : [escapeText(relationType)];
  const part = [parentNid, ...type, order, typeNid, typeNid, limit];
  const rows = await reader.all(of, ...part, ...(recurse ? part : []), limit);
  return rows.map((row) => ({ eventNid: row.child_nid, order: row.child_order }));
}

const threadColumns = 't.root_nid, t.latest_order';

interface ThreadRow {
  readonly root_nid: number;
  readonly latest_order: number;
}

/** (room, below which order, limit) */
const allThreads = query<ThreadRow>(
  `select ${threadColumns} from threads t where t.room_nid = ? and t.latest_order < ?
   order by t.latest_order desc limit ?`,
);
/** (room, user, below which order, limit) */
const ownThreads = query<ThreadRow>(
  `select ${threadColumns} from thread_participants p join threads t on t.root_nid = p.root_nid
   where p.room_nid = ? and p.user_nid = ? and t.latest_order < ?
   order by t.latest_order desc limit ?`,
);

/** A thread by its root and the order of its latest event. */
export interface ThreadPlace {
  readonly rootNid: number;
  readonly latestOrder: number;
}

/** Threads of a room whose latest event is below an order, the latest first; of one participant where one is named. */
export async function readThreadPlaces(
  reader: Reader,
  roomNid: number,
  participantNid: number | undefined,
  below: number,
  limit: number,
): Promise<ThreadPlace[]> {
  const rows = await (participantNid === undefined
    ? reader.all(allThreads, roomNid, below, limit)
    : reader.all(ownThreads, roomNid, participantNid, below, limit));
  return rows.map((row) => ({ rootNid: row.root_nid, latestOrder: row.latest_order }));
}
