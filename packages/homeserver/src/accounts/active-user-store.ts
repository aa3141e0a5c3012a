import { query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

const since = query<{ user_nid: number; seen_ts: number }>(
  'select user_nid, seen_ts from active_users where seen_ts >= ?',
);
const put = query(
  `insert into active_users (user_nid, seen_ts) values (?, ?)
   on conflict (user_nid) do update set seen_ts = excluded.seen_ts`,
);
const forget = query('delete from active_users where seen_ts < ?');

/** Users who were active since a time, with when they last were. */
export async function readActiveUsers(
  reader: Reader,
  sinceTs: number,
): Promise<Map<number, number>> {
  const rows = await reader.all(since, sinceTs);
  return new Map(rows.map((row) => [row.user_nid, row.seen_ts]));
}

/** Notes that a user is active, and forgets those who were last so before a time. */
export function noteActiveUserStatements(
  userNid: number,
  seenTs: number,
  beforeTs: number,
): Statement[] {
  return [statement(forget, beforeTs), statement(put, userNid, seenTs)];
}
