import type { Accounts } from './accounts.ts';
import { readFilter } from './filter-store.ts';

const FILTER_ID = /^\d{1,15}$/;

/** The JSON text of a filter that the user defined; undefined for another ID. */
export async function findFilter(
  accounts: Accounts,
  userNid: number,
  filterId: string,
): Promise<string | undefined> {
  if (!FILTER_ID.test(filterId)) return undefined;
  const number = Number(filterId);
  const cached = accounts.filters.get(userNid, number);
  if (cached !== undefined) return cached;
  const json = await readFilter(accounts.database.reader, userNid, number);
  if (json !== undefined) accounts.filters.set(userNid, number, json);
  return json;
}
