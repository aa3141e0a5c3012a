import type { Guard } from '../storage/change.ts';
import { escapeText, unescapeText } from '../storage/escape-text.ts';
import { integerList, POSITION, query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

/** `account_data.room_nid` of what belongs to no room. */
export const GLOBAL = 0;

/** Whom a user ignores (CS API, "Ignoring Users"). */
export const IGNORED_USERS = 'm.ignored_user_list';

interface AccountDataRow {
  readonly room_nid: number;
  readonly type: string;
  readonly content: string;
}

export interface AccountDataEntry {
  readonly type: string;
  /** The JSON text of an object. */
  readonly content: string;
}

export interface AccountData {
  readonly global: readonly AccountDataEntry[];
  readonly rooms: ReadonlyMap<number, readonly AccountDataEntry[]>;
}

const put = query(
  `insert into account_data (user_nid, room_nid, type, content, position) values (?, ?, ?, ?, ?)
   on conflict (user_nid, room_nid, type) do update
     set content = excluded.content, position = excluded.position`,
);
const one = query<{ content: string }>(
  'select content from account_data where user_nid = ? and room_nid = ? and type = ?',
);
/** The type stands in the text, so that the index of it is used. */
const ofIgnoredUsers = query<{ user_nid: number }>(
  `select user_nid from account_data where room_nid = 0 and type = '${IGNORED_USERS}'`,
);
const identical = query(
  `select 1 as one from account_data
   where user_nid = ? and room_nid = ? and type = ? and content = ?`,
);
const removeAll = query('delete from account_data where user_nid = ?');
const all = query<AccountDataRow>(
  `select room_nid, type, content from account_data where user_nid = ? order by position`,
);
const ofType = query<{ room_nid: number; content: string }>(
  'select room_nid, content from account_data where user_nid = ? and type = ?',
);
const ofRooms = query<AccountDataRow>(
  `select room_nid, type, content from account_data where user_nid = ? and room_nid {in}
   order by position`,
);
const changed = query<AccountDataRow>(
  `select room_nid, type, content from account_data
   where user_nid = ? and position > ? and position <= ? order by position`,
);

/**
 * Sets an entry at the change's position; `roomNid` is {@link GLOBAL} or a room's. The change must touch
 * the user's data.
 */
export function putAccountDataStatement(
  userNid: number,
  roomNid: number,
  entry: AccountDataEntry,
): Statement {
  return statement(put, userNid, roomNid, escapeText(entry.type), entry.content, POSITION);
}

/** All that a user kept. */
export function deleteAccountDataStatement(userNid: number): Statement {
  return statement(removeAll, userNid);
}

/** Holds while the entry is as it was read; undefined for one that was not there. */
export function entryStands(
  userNid: number,
  roomNid: number,
  type: string,
  content: string | undefined,
): Guard {
  const name = 'entry-stands';
  const key = [userNid, roomNid, escapeText(type)] as const;
  return content === undefined
    ? { name, check: statement(one, ...key), expect: 'absent' }
    : { name, check: statement(identical, ...key, content), expect: 'exists' };
}

/** The JSON text of one entry. */
export async function readAccountDataEntry(
  reader: Reader,
  userNid: number,
  roomNid: number,
  type: string,
): Promise<string | undefined> {
  return (await reader.get(one, userNid, roomNid, escapeText(type)))?.content;
}

/** The users with a list of whom they ignore. */
export async function readUsersIgnoringSomebody(reader: Reader): Promise<number[]> {
  return (await reader.all(ofIgnoredUsers)).map((row) => row.user_nid);
}

/** All of a user's account data, oldest change first. */
export async function readAccountData(reader: Reader, userNid: number): Promise<AccountData> {
  return byRoom(await reader.all(all, userNid));
}

/** What was last set above one position, up to and with another. */
export async function readAccountDataChanged(
  reader: Reader,
  userNid: number,
  above: number,
  upTo: number,
): Promise<AccountData> {
  return byRoom(await reader.all(changed, userNid, above, upTo));
}

/** The JSON texts of all entries of a type, by room. */
export async function readAccountDataOfType(
  reader: Reader,
  userNid: number,
  type: string,
): Promise<Map<number, string>> {
  const rows = await reader.all(ofType, userNid, escapeText(type));
  return new Map(rows.map((row) => [row.room_nid, row.content]));
}

/** All entries of some rooms; {@link GLOBAL} stands for what belongs to none. */
export async function readAccountDataOfRooms(
  reader: Reader,
  userNid: number,
  roomNids: readonly number[],
): Promise<AccountData> {
  return byRoom(await reader.all(ofRooms, userNid, integerList(roomNids)));
}

function byRoom(rows: readonly AccountDataRow[]): AccountData {
  const groups = new Map<number, AccountDataEntry[]>();
  for (const row of rows) {
    const entry = { type: unescapeText(row.type), content: row.content };
    const group = groups.get(row.room_nid);
    if (group === undefined) groups.set(row.room_nid, [entry]);
    else group.push(entry);
  }
  const global = groups.get(GLOBAL) ?? [];
  groups.delete(GLOBAL);
  return { global, rooms: groups };
}
