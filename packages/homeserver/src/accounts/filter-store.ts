import { query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

const insert = query(
  `insert into filters (user_nid, filter_id, hash, json)
   select cast(? as bigint), coalesce(max(filter_id) + 1, 0), ?, ? from filters where user_nid = ?
   on conflict (user_nid, hash) do nothing`,
);
const identical = query<{ filter_id: number }>(
  'select filter_id from filters where user_nid = ? and hash = ?',
);
const one = query<{ json: string }>(
  'select json from filters where user_nid = ? and filter_id = ?',
);

/** Gives the user's filter the next number, unless the user has it already. */
export function insertFilterStatement(userNid: number, hash: Uint8Array, json: string): Statement {
  return statement(insert, userNid, hash, json, userNid);
}

export function findFilterStatement(userNid: number, hash: Uint8Array): Statement {
  return statement(identical, userNid, hash);
}

/** The number of the filter with this hash. */
export async function readFilterId(
  reader: Reader,
  userNid: number,
  hash: Uint8Array,
): Promise<number | undefined> {
  return (await reader.get(identical, userNid, hash))?.filter_id;
}

export async function readFilter(
  reader: Reader,
  userNid: number,
  filterId: number,
): Promise<string | undefined> {
  return (await reader.get(one, userNid, filterId))?.json;
}
