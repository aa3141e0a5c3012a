import { escapeText, unescapeText } from '../storage/escape-text.ts';
import { integerList, query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

const putUser = query(
  `insert into directory_users (user_nid, user_id, display_name, avatar_url, local)
   values (?, ?, ?, ?, ?)
   on conflict (user_nid) do update set display_name = excluded.display_name,
     avatar_url = excluded.avatar_url`,
);
const deleteWords = query('delete from directory_words where user_nid = ?');
const insertWord = query(
  'insert into directory_words (word, user_nid) values (?, ?) on conflict do nothing',
);

/** Users as they are now: a local one's profile, of others what they last joined a room as. */
const current = query<UserRow>(
  `select u.user_nid, u.user_id, a.user_nid as account_nid,
     case when a.user_nid is null
       then (select m.display_name from memberships m where m.user_nid = u.user_nid
         and m.membership = 1 order by m.position desc limit 1)
       else p.display_name end as display_name,
     case when a.user_nid is null
       then (select m.avatar_url from memberships m where m.user_nid = u.user_nid
         and m.membership = 1 order by m.position desc limit 1)
       else p.avatar_url end as avatar_url,
     d.user_nid as known_nid, d.display_name as known_name, d.avatar_url as known_avatar
   from users u left join accounts a on a.user_nid = u.user_nid
     left join profiles p on p.user_nid = u.user_nid
     left join directory_users d on d.user_nid = u.user_nid
   where u.user_nid {in}`,
);

interface UserRow {
  readonly user_nid: number;
  readonly user_id: string;
  readonly account_nid: number | null;
  readonly display_name: string | null;
  readonly avatar_url: string | null;
  readonly known_nid: number | null;
  readonly known_name: string | null;
  readonly known_avatar: string | null;
}

/** (from which word, below which, limit) */
const byPrefix = query<{ user_nid: number }>(
  'select user_nid from directory_words where word >= ? and word < ? order by word limit ?',
);
const wordsOfUsers = query<{ word: Uint8Array; user_nid: number }>(
  'select word, user_nid from directory_words where user_nid {in}',
);
/** (users, all, searcher, locked) */
const visible = query<{
  user_nid: number;
  user_id: string;
  display_name: string | null;
  avatar_url: string | null;
  local: number;
}>(
  `select d.user_nid, d.user_id, d.display_name, d.avatar_url, d.local from directory_users d
   left join accounts a on a.user_nid = d.user_nid
   where d.user_nid {in}
     and (cast(? as bigint) = 1
       or exists (select 1 from memberships m join room_details r on r.room_nid = m.room_nid
         where m.user_nid = d.user_nid and m.membership = 1
           and (r.join_rule = 'public' or r.world_readable = 1))
       or exists (select 1 from memberships m join memberships o on o.room_nid = m.room_nid
         where m.user_nid = d.user_nid and m.membership = 1 and o.user_nid = ? and o.membership = 1))
     and (a.user_nid is null or (a.deactivated = 0 and a.guest = 0 and a.locked <= ?))`,
);

/** A user as the directory has to know one. */
export interface DirectoryUser {
  readonly userNid: number;
  readonly userId: string;
  readonly displayName: string | undefined;
  readonly avatarUrl: string | undefined;
  readonly isLocal: boolean;
}

/** Those of the users whom the directory does not know as they are now. */
export async function readChangedUsers(
  reader: Reader,
  userNids: Iterable<number>,
): Promise<DirectoryUser[]> {
  const rows = await reader.all(current, integerList(userNids));
  return rows
    .filter(
      (row) =>
        row.known_nid === null ||
        row.display_name !== row.known_name ||
        row.avatar_url !== row.known_avatar,
    )
    .map((row) => toUser({ ...row, local: row.account_nid === null ? 0 : 1 }));
}

export function putUserStatements(user: DirectoryUser, words: Iterable<string>): Statement[] {
  const { userNid, userId, displayName, avatarUrl, isLocal } = user;
  const profile = [toColumn(displayName), toColumn(avatarUrl)] as const;
  return [
    statement(putUser, userNid, escapeText(userId), ...profile, isLocal ? 1 : 0),
    statement(deleteWords, userNid),
    ...[...new Set(words)].map((word) => statement(insertWord, Buffer.from(word), userNid)),
  ];
}

/** Users with a word that begins so, those with the word itself first. */
export async function readUsersByPrefix(
  reader: Reader,
  prefix: string,
  limit: number,
): Promise<number[]> {
  const from = Buffer.from(prefix);
  const below = Buffer.concat([from, Buffer.from([0xff])]);
  const rows = await reader.all(byPrefix, from, below, limit);
  return [...new Set(rows.map((row) => row.user_nid))];
}

export async function readWordsOfUsers(
  reader: Reader,
  userNids: readonly number[],
): Promise<Map<number, string[]>> {
  const words = new Map<number, string[]>();
  for (const row of await reader.all(wordsOfUsers, integerList(userNids))) {
    const word = Buffer.from(row.word).toString();
    words.set(row.user_nid, [...(words.get(row.user_nid) ?? []), word]);
  }
  return words;
}

/** Those of the users whom the searcher may find, by nid. */
export async function readVisibleUsers(
  reader: Reader,
  userNids: readonly number[],
  searcherNid: number,
  options: { readonly all: boolean; readonly locked: boolean },
): Promise<Map<number, DirectoryUser>> {
  const rows = await reader.all(
    visible,
    integerList(userNids),
    options.all ? 1 : 0,
    searcherNid,
    options.locked ? 1 : 0,
  );
  return new Map(rows.map((row) => [row.user_nid, toUser(row)]));
}

function toUser(row: {
  readonly user_nid: number;
  readonly user_id: string;
  readonly display_name: string | null;
  readonly avatar_url: string | null;
  readonly local: number;
}): DirectoryUser {
  return {
    userNid: row.user_nid,
    userId: unescapeText(row.user_id),
    displayName: row.display_name === null ? undefined : unescapeText(row.display_name),
    avatarUrl: row.avatar_url === null ? undefined : unescapeText(row.avatar_url),
    isLocal: row.local === 1,
  };
}

function toColumn(text: string | undefined): string | null {
  return text === undefined ? null : escapeText(text);
}
