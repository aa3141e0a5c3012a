import { query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

interface DestinationRow {
  readonly failing_since_ts: number;
  readonly last_tried_ts: number;
  readonly retry_interval_ms: number;
}

/** A server that did not answer when it was last asked. */
export interface DestinationFailure {
  readonly failingSinceTs: number;
  readonly lastTriedTs: number;
  readonly retryIntervalMs: number;
}

const one = query<DestinationRow>(
  'select failing_since_ts, last_tried_ts, retry_interval_ms from destinations where server_name = ?',
);
const upsert = query(
  `insert into destinations (server_name, failing_since_ts, last_tried_ts, retry_interval_ms)
   values (?, ?, ?, ?)
   on conflict (server_name) do update set failing_since_ts = excluded.failing_since_ts,
     last_tried_ts = excluded.last_tried_ts, retry_interval_ms = excluded.retry_interval_ms`,
);
const remove = query('delete from destinations where server_name = ?');

/** Undefined for a server that answers, as far as is known. */
export async function readDestinationFailure(
  reader: Reader,
  serverName: string,
): Promise<DestinationFailure | undefined> {
  const row = await reader.get(one, serverName);
  if (row === undefined) return undefined;
  return {
    failingSinceTs: row.failing_since_ts,
    lastTriedTs: row.last_tried_ts,
    retryIntervalMs: row.retry_interval_ms,
  };
}

export function setDestinationFailureStatement(
  serverName: string,
  failure: DestinationFailure,
): Statement {
  const { failingSinceTs, lastTriedTs, retryIntervalMs } = failure;
  return statement(upsert, serverName, failingSinceTs, lastTriedTs, retryIntervalMs);
}

export function clearDestinationFailureStatement(serverName: string): Statement {
  return statement(remove, serverName);
}
