import type { Guard } from '../storage/change.ts';
import { escapeText, unescapeText } from '../storage/escape-text.ts';
import { query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

const one = query<{ room_nid: number; creator_nid: number }>(
  'select room_nid, creator_nid from room_aliases where alias = ?',
);
const ofRoom = query<{ alias: string }>(
  'select alias from room_aliases where room_nid = ? order by alias',
);
const insert = query('insert into room_aliases (alias, room_nid, creator_nid) values (?, ?, ?)');
const remove = query('delete from room_aliases where alias = ? and room_nid = ?');
const move = query('update room_aliases set room_nid = ? where room_nid = ?');

/** What an alias of this server stands for. */
export interface AliasRecord {
  readonly roomNid: number;
  readonly creatorNid: number;
}

export async function readAlias(reader: Reader, alias: string): Promise<AliasRecord | undefined> {
  const row = await reader.get(one, escapeText(alias));
  return row === undefined ? undefined : { roomNid: row.room_nid, creatorNid: row.creator_nid };
}

/** The aliases that this server keeps of a room. */
export async function readAliasesOfRoom(reader: Reader, roomNid: number): Promise<string[]> {
  return (await reader.all(ofRoom, roomNid)).map(({ alias }) => unescapeText(alias));
}

export function insertAliasStatement(alias: string, record: AliasRecord): Statement {
  return statement(insert, escapeText(alias), record.roomNid, record.creatorNid);
}

export function deleteAliasStatement(alias: string, roomNid: number): Statement {
  return statement(remove, escapeText(alias), roomNid);
}

export function moveAliasesStatement(fromRoomNid: number, toRoomNid: number): Statement {
  return statement(move, toRoomNid, fromRoomNid);
}

export const ALIAS_IN_USE = 'alias-in-use';

/** Holds while nobody has the alias. */
export function aliasIsFree(alias: string): Guard {
  return { name: ALIAS_IN_USE, expect: 'absent', check: statement(one, escapeText(alias)) };
}
