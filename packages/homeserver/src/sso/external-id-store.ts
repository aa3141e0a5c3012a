import type { Guard } from '../storage/change.ts';
import { escapeText, unescapeText } from '../storage/escape-text.ts';
import { query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

/** Which user of which provider. */
export interface ExternalId {
  readonly authProvider: string;
  readonly externalId: string;
}

const owner = query<{ user_nid: number }>(
  'select user_nid from external_ids where auth_provider = ? and external_id = ?',
);
const ofUser = query<{ auth_provider: string; external_id: string }>(
  `select auth_provider, external_id from external_ids where user_nid = ?
   order by auth_provider, external_id`,
);
const insert = query(
  'insert into external_ids (auth_provider, external_id, user_nid) values (?, ?, ?)',
);

export async function readOwnerOfExternalId(
  reader: Reader,
  { authProvider, externalId }: ExternalId,
): Promise<number | undefined> {
  const row = await reader.get(owner, escapeText(authProvider), escapeText(externalId));
  return row?.user_nid;
}

export async function readExternalIds(reader: Reader, userNid: number): Promise<ExternalId[]> {
  return (await reader.all(ofUser, userNid)).map((row) => ({
    authProvider: unescapeText(row.auth_provider),
    externalId: unescapeText(row.external_id),
  }));
}

/** Holds while nobody here is that user of the provider. */
export function externalIdIsFree({ authProvider, externalId }: ExternalId): Guard {
  const check = statement(owner, escapeText(authProvider), escapeText(externalId));
  return { name: 'external-id-is-free', check, expect: 'absent' };
}

export function insertExternalIdStatement(
  { authProvider, externalId }: ExternalId,
  userNid: number,
): Statement {
  return statement(insert, escapeText(authProvider), escapeText(externalId), userNid);
}
