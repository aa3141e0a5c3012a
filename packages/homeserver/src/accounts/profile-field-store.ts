import { escapeText, unescapeText } from '../storage/escape-text.ts';
import { query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

const all = query<{ name: string; value: string }>(
  'select name, value from profile_fields where user_nid = ? order by name',
);
const one = query<{ value: string }>(
  'select value from profile_fields where user_nid = ? and name = ?',
);
const put = query(
  `insert into profile_fields (user_nid, name, value) values (?, ?, ?)
   on conflict (user_nid, name) do update set value = excluded.value`,
);
const remove = query('delete from profile_fields where user_nid = ? and name = ?');
const removeAll = query('delete from profile_fields where user_nid = ?');

/** JSON texts by name: all of a profile but the display name and the avatar. */
export async function readProfileFields(
  reader: Reader,
  userNid: number,
): Promise<Map<string, string>> {
  const rows = await reader.all(all, userNid);
  return new Map(rows.map(({ name, value }) => [unescapeText(name), unescapeText(value)]));
}

export async function readProfileFieldValue(
  reader: Reader,
  userNid: number,
  name: string,
): Promise<string | undefined> {
  const row = await reader.get(one, userNid, escapeText(name));
  return row === undefined ? undefined : unescapeText(row.value);
}

export function putProfileFieldStatement(userNid: number, name: string, json: string): Statement {
  return statement(put, userNid, escapeText(name), escapeText(json));
}

export function deleteProfileFieldStatement(userNid: number, name: string): Statement {
  return statement(remove, userNid, escapeText(name));
}

export function deleteProfileFieldsStatement(userNid: number): Statement {
  return statement(removeAll, userNid);
}
