import { escapeText, unescapeText } from '../storage/escape-text.ts';
import { query } from '../storage/sql.ts';
import type { Query, Reader, SqlValue } from '../storage/sql.ts';

interface UsageRow {
  readonly user_id: string;
  readonly display_name: string | null;
  readonly media_count: number;
  readonly media_length: number;
  readonly total: number;
}

/** How much a user has uploaded. */
export interface UserUsage {
  readonly userId: string;
  readonly displayName: string | undefined;
  readonly count: number;
  readonly bytes: number;
}

/** What the sums can be ordered by; the names are Synapse's. */
const orderColumns = {
  user_id: 'u.user_id',
  displayname: "coalesce(p.display_name, '')",
  media_length: 's.media_length',
  media_count: 's.media_count',
} as const;

export type UsageOrder = keyof typeof orderColumns;
export const usageOrders = Object.keys(orderColumns) as UsageOrder[];

/** All of it, from the sums that each upload and removal keeps up. */
const everSums = `select user_nid, media_count, media_bytes as media_length from media_user_totals
  where media_count > 0`;
/** Of a span of time, from an index that holds all three columns. */
const spanSums = `select user_nid, count(size_bytes) as media_count, cast(sum(size_bytes) as bigint) as media_length
  from media where user_nid is not null and size_bytes is not null
  and created_ts >= ? and created_ts <= ? group by user_nid`;

function usageQuery(sums: string, order: UsageOrder, direction: string): Query<UsageRow> {
  return query<UsageRow>(
    `select u.user_id, p.display_name, s.media_count, s.media_length, count(*) over () as total
     from (${sums}) s join users u on u.user_nid = s.user_nid
     left join profiles p on p.user_nid = s.user_nid
     where ? = '' or lower(u.user_id) like ? escape '!' or lower(p.display_name) like ? escape '!'
     order by ${orderColumns[order]} ${direction}, u.user_id limit ? offset ?`,
  );
}

interface UsageQueries {
  readonly ever: Query<UsageRow>;
  readonly span: Query<UsageRow>;
}

const queries = new Map<string, UsageQueries>();
for (const order of usageOrders) {
  for (const direction of ['asc', 'desc']) {
    queries.set(`${order} ${direction}`, {
      ever: usageQuery(everSums, order, direction),
      span: usageQuery(spanSums, order, direction),
    });
  }
}

export interface UsageWanted {
  readonly from: number;
  readonly limit: number;
  readonly order: UsageOrder;
  readonly isDescending: boolean;
  readonly fromTs: number;
  readonly untilTs: number | undefined;
  /** Part of a user ID or display name, whatever the case of its letters. */
  readonly searchTerm: string | undefined;
}

/** A page of the sums by user, and how many users there are in all. */
export async function readUsage(
  reader: Reader,
  wanted: UsageWanted,
): Promise<{ users: UserUsage[]; total: number }> {
  const { from, limit } = wanted;
  const rows = await readRows(reader, wanted, limit, from);
  // A page without a row cannot tell the total.
  const first = rows[0] ?? (await readRows(reader, wanted, 1, 0))[0];
  return { users: rows.map(toUsage), total: first?.total ?? 0 };
}

function toUsage(row: UsageRow): UserUsage {
  return {
    userId: unescapeText(row.user_id),
    displayName: row.display_name === null ? undefined : unescapeText(row.display_name),
    count: row.media_count,
    bytes: row.media_length,
  };
}

function readRows(
  reader: Reader,
  { order, isDescending, fromTs, untilTs, searchTerm = '' }: UsageWanted,
  limit: number,
  from: number,
): Promise<UsageRow[]> {
  const found = queries.get(`${order} ${isDescending ? 'desc' : 'asc'}`);
  if (found === undefined) throw new Error(`sums cannot be ordered by ${order}`);
  const pattern = `%${escapeText(searchTerm).toLowerCase().replaceAll(/[!%_]/g, '!$&')}%`;
  const page: SqlValue[] = [searchTerm === '' ? '' : 'any', pattern, pattern, limit, from];
  if (fromTs === 0 && untilTs === undefined) return reader.all(found.ever, ...page);
  return reader.all(found.span, fromTs, untilTs ?? Number.MAX_SAFE_INTEGER, ...page);
}
