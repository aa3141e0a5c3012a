import { escapeText, unescapeText } from '../storage/escape-text.ts';
import { query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

interface ProfileRow {
  readonly display_name: string | null;
  readonly avatar_url: string | null;
}

/** How a user is shown to others. */
export interface Profile {
  readonly displayName: string | undefined;
  readonly avatarUrl: string | undefined;
}

const one = query<ProfileRow>('select display_name, avatar_url from profiles where user_nid = ?');
const insert = query('insert into profiles (user_nid, display_name) values (?, ?)');
const insertMissingName = query(
  'update profiles set display_name = coalesce(display_name, ?) where user_nid = ?',
);
const setDisplayName = query('update profiles set display_name = ? where user_nid = ?');
const setAvatarUrl = query('update profiles set avatar_url = ? where user_nid = ?');

export async function readProfile(reader: Reader, userNid: number): Promise<Profile | undefined> {
  const row = await reader.get(one, userNid);
  if (row === undefined) return undefined;
  return { displayName: fromColumn(row.display_name), avatarUrl: fromColumn(row.avatar_url) };
}

export function insertProfileStatement(userNid: number, displayName?: string): Statement {
  return statement(insert, userNid, toColumn(displayName));
}

/** Leaves a name that the user has chosen. */
export function insertMissingNameStatement(userNid: number, displayName: string): Statement {
  return statement(insertMissingName, escapeText(displayName), userNid);
}

export function setDisplayNameStatement(userNid: number, displayName?: string): Statement {
  return statement(setDisplayName, toColumn(displayName), userNid);
}

export function setAvatarUrlStatement(userNid: number, avatarUrl?: string): Statement {
  return statement(setAvatarUrl, toColumn(avatarUrl), userNid);
}

function toColumn(text: string | undefined): string | null {
  return text === undefined ? null : escapeText(text);
}

function fromColumn(text: string | null): string | undefined {
  return text === null ? undefined : unescapeText(text);
}
