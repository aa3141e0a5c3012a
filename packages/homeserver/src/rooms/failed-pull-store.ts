import { query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

const read = query<{ attempts: number; next_try_ts: number }>(
  'select attempts, next_try_ts from failed_pulls where event_nid = ?',
);
const put = query(
  `insert into failed_pulls (event_nid, attempts, next_try_ts) values (?, ?, ?)
   on conflict (event_nid) do update set attempts = excluded.attempts,
     next_try_ts = excluded.next_try_ts`,
);
const remove = query('delete from failed_pulls where event_nid = ?');

/** An event that other servers refer to and could not give. */
export interface FailedPull {
  readonly attempts: number;
  readonly nextTryTs: number;
}

export async function readFailedPull(
  reader: Reader,
  eventNid: number,
): Promise<FailedPull | undefined> {
  const row = await reader.get(read, eventNid);
  return row === undefined ? undefined : { attempts: row.attempts, nextTryTs: row.next_try_ts };
}

export function putFailedPullStatement(eventNid: number, pull: FailedPull): Statement {
  return statement(put, eventNid, pull.attempts, pull.nextTryTs);
}

export function endFailedPullStatement(eventNid: number): Statement {
  return statement(remove, eventNid);
}
