import { POSITION, query, statement } from '../../storage/sql.ts';
import type { Reader, Statement } from '../../storage/sql.ts';

/** That a user's device list must be fetched anew. */
export interface ResyncMark {
  readonly userNid: number;
  /** Where it was last marked: a list that was asked for before may be too old. */
  readonly markedPosition: number;
  /** How often it failed. */
  readonly attempts: number;
  readonly nextTryTs: number;
}

interface MarkRow {
  readonly user_nid: number;
  readonly marked_position: number;
  readonly attempts: number;
  readonly next_try_ts: number;
}

const put = query(
  `insert into device_list_resyncs (user_nid, server_name, marked_position, attempts, next_try_ts)
   values (?, ?, ?, 0, ?)
   on conflict (user_nid) do update set marked_position = excluded.marked_position,
     attempts = 0, next_try_ts = excluded.next_try_ts`,
);
const remove = query('delete from device_list_resyncs where user_nid = ? and marked_position = ?');
const postpone = query(
  `update device_list_resyncs set attempts = attempts + 1, next_try_ts = ?
   where user_nid = ? and marked_position = ?`,
);
const hurry = query('update device_list_resyncs set next_try_ts = ? where server_name = ?');
/** (server, limit) */
const ofServer = query<MarkRow>(
  `select user_nid, marked_position, attempts, next_try_ts from device_list_resyncs
   where server_name = ? order by next_try_ts, user_nid limit ?`,
);
/** From one name to the next, so that what it costs grows with the servers alone. */
const servers = query<{ server_name: string }>(
  `with recursive names (server_name) as (
     select min(server_name) from device_list_resyncs
     union all
     select (select min(d.server_name) from device_list_resyncs d where d.server_name > n.server_name)
     from names n where n.server_name is not null)
   select server_name from names where server_name is not null`,
);
const isMarked = query('select 1 as one from device_list_resyncs where user_nid = ?');

/** Marks the list at the change's position. */
export function markResyncStatement(userNid: number, serverName: string, nowTs: number): Statement {
  return statement(put, userNid, serverName, POSITION, nowTs);
}

/** Takes the mark away, unless it was set again meanwhile. */
export function unmarkStatement({ userNid, markedPosition }: ResyncMark): Statement {
  return statement(remove, userNid, markedPosition);
}

/** Counts a failure, unless it was marked again meanwhile. */
export function postponeStatement(
  { userNid, markedPosition }: ResyncMark,
  nextTryTs: number,
): Statement {
  return statement(postpone, nextTryTs, userNid, markedPosition);
}

/** All lists of a server are due. */
export function hurryStatement(serverName: string, nowTs: number): Statement {
  return statement(hurry, nowTs, serverName);
}

/** The server's lists that are due first. */
export async function readResyncMarks(
  reader: Reader,
  serverName: string,
  limit: number,
): Promise<ResyncMark[]> {
  const rows = await reader.all(ofServer, serverName, limit);
  return rows.map((row) => ({
    userNid: row.user_nid,
    markedPosition: row.marked_position,
    attempts: row.attempts,
    nextTryTs: row.next_try_ts,
  }));
}

/** Servers of which a list is to be fetched, now or later. */
export async function readServersToResync(reader: Reader): Promise<string[]> {
  return (await reader.all(servers)).map((row) => row.server_name);
}

export async function isMarkedForResync(reader: Reader, userNid: number): Promise<boolean> {
  return (await reader.get(isMarked, userNid)) !== undefined;
}
