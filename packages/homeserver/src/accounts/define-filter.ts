import { hash } from 'node:crypto';

import { canonicalJson, parseSyncFilter } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import { badJson } from '../errors/matrix-error.ts';
import { write } from '../storage/database.ts';
import type { Accounts } from './accounts.ts';
import { findFilterStatement, insertFilterStatement, readFilterId } from './filter-store.ts';

/** Keeps a filter and gives its ID; the same filter again has the same ID. Throws `400 M_BAD_JSON`. */
export async function defineFilter(
  accounts: Accounts,
  userNid: number,
  filter: JsonObject,
): Promise<string> {
  const parsed = parseSyncFilter(filter);
  if (!parsed.ok) throw badJson(`The filter's ${parsed.path} ${parsed.reason}`);
  const json = canonicalJson(filter);
  const jsonHash = hash('sha256', json, 'buffer');
  const known = await readFilterId(accounts.database.reader, userNid, jsonHash);
  if (known !== undefined) return String(known);
  const { rows } = await write(accounts.database, {
    statements: [
      insertFilterStatement(userNid, jsonHash, json),
      findFilterStatement(userNid, jsonHash),
    ],
    returning: [1],
    positions: 0,
  });
  return String(rows[0]?.[0]?.['filter_id']);
}
