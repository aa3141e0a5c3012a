import type { Database } from '../storage/database.ts';
import { integerList, query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

type Engine = Database['engine'];

/** What of an event's content is searched (CS API, `keys`). */
export type SearchKey = 'content.body' | 'content.name' | 'content.topic';

const KEYS: readonly SearchKey[] = ['content.body', 'content.name', 'content.topic'];

/** Words of the index that no text has: which key the text is from, and in which room it is. */
const keyMark = (key: SearchKey): string => `k${KEYS.indexOf(key)}=`;
const roomMark = (roomNid: number): string => `r${roomNid}=`;

interface CandidateRow {
  readonly event_nid: number;
  readonly room_nid: number;
  readonly sender_nid: number;
  readonly word_count: number;
}

/** Full text is where the engines have no words in common; each is asked its own query, with the same parameters. */
const sqliteQueries = {
  insertEvent: query(
    `insert into search_events (event_nid, room_nid, sender_nid, key, word_count) values (?, ?, ?, ?, ?)
     on conflict do nothing`,
  ),
  insertDocument: query('insert into search_index (rowid, words, scope) values (?, ?, ?)'),
  deleteDocument: query('delete from search_index where rowid = ?'),
};
const insertPostgresDocument = query(
  `insert into search_events (event_nid, room_nid, sender_nid, key, word_count, document)
   values (?, ?, ?, ?, ?, array_to_tsvector(string_to_array(cast(? as text), ' '))) on conflict do nothing`,
);
const deleteEvent = query('delete from search_events where event_nid = ?');

/** (terms, below which event, how many are looked at) */
const newest = {
  sqlite: `select rowid as event_nid from search_index where search_index match ? and rowid < ?
    order by rowid desc limit ?`,
  postgres: `select event_nid from search_events where document @@ cast(? as text)::tsquery
    and event_nid < ? order by event_nid desc limit ?`,
};
/** (terms, below which event, how many are looked at, keys, rooms, limit) */
const candidates = (engine: Engine) =>
  query<CandidateRow>(
    `select s.event_nid, s.room_nid, s.sender_nid, s.word_count
     from (${newest[engine]}) f join search_events s on s.event_nid = f.event_nid
     where s.key {in} and s.room_nid {in} order by s.event_nid desc limit ?`,
  );
const count = (engine: Engine) =>
  query<{ readonly count: number }>(`select count(*) as count from (${newest[engine]}) f`);
const queries = {
  sqlite: { candidates: candidates('sqlite'), count: count('sqlite') },
  postgres: { candidates: candidates('postgres'), count: count('postgres') },
};

/** A text of an event with where it stands. */
export interface SearchDocument {
  readonly eventNid: number;
  readonly roomNid: number;
  readonly senderNid: number;
  readonly key: SearchKey;
  readonly words: readonly string[];
}

export function insertDocumentStatements(engine: Engine, document: SearchDocument): Statement[] {
  const { eventNid, roomNid, senderNid, key } = document;
  const about = [KEYS.indexOf(key), document.words.length] as const;
  const event = [eventNid, roomNid, senderNid, ...about] as const;
  const words = document.words.join(' ');
  const scope = `${keyMark(key)} ${roomMark(roomNid)}`;
  if (engine === 'postgres') {
    return [statement(insertPostgresDocument, ...event, `${words} ${scope}`)];
  }
  return [
    statement(sqliteQueries.insertEvent, ...event),
    statement(sqliteQueries.insertDocument, eventNid, words, scope),
  ];
}

export function deleteDocumentStatements(engine: Engine, eventNid: number): Statement[] {
  const deletion = statement(deleteEvent, eventNid);
  if (engine === 'postgres') return [deletion];
  return [deletion, statement(sqliteQueries.deleteDocument, eventNid)];
}

/** What holds all the words, in one of the keys and rooms. */
export interface SearchQuestion {
  readonly words: readonly string[];
  readonly keys: readonly SearchKey[];
  readonly roomNids: readonly number[];
  readonly below: number;
  readonly limit: number;
}

export interface Candidate {
  readonly eventNid: number;
  readonly roomNid: number;
  readonly senderNid: number;
  /** Above 0, and 1 for a text that is nothing but the words. */
  readonly rank: number;
}

/** So many of the newest that hold the words are looked at, whatever their rooms. */
const LOOKED_AT_MAX = 5_000;
/** More rooms than these are not marked in what the index is asked. */
const MARKED_ROOMS_MAX = 200;

/**
 * The newest events that hold all the words. Marks are for words that are so common elsewhere that the searched rooms
 * are not among the newest: an index intersects a rare word with the marks of all messages more slowly than the
 * events that hold it are read.
 */
export async function readCandidates(
  reader: Reader,
  engine: Engine,
  question: SearchQuestion,
): Promise<Candidate[]> {
  const { words, keys, roomNids, below, limit } = question;
  if (keys.length === 0 || roomNids.length === 0) return [];
  const asked = queries[engine];
  const scope = [integerList(keys.map((key) => KEYS.indexOf(key))), integerList(roomNids), limit];
  const terms = termsOf(engine, words, []);
  let rows = await reader.all(asked.candidates, terms, below, LOOKED_AT_MAX, ...scope);
  if (rows.length < limit) {
    const [looked] = await reader.all(asked.count, terms, below, LOOKED_AT_MAX);
    if (looked?.count === LOOKED_AT_MAX) {
      const marks = [keys.map(keyMark)];
      if (roomNids.length <= MARKED_ROOMS_MAX) marks.push(roomNids.map(roomMark));
      const marked = termsOf(engine, words, marks);
      rows = await reader.all(asked.candidates, marked, below, Number.MAX_SAFE_INTEGER, ...scope);
    }
  }
  return rows.map((row) => ({
    eventNid: row.event_nid,
    roomNid: row.room_nid,
    senderNid: row.sender_nid,
    rank: new Set(words).size / row.word_count,
  }));
}

/** Words hold letters and digits alone, and marks those and an equals sign, so that nothing needs to be quoted. */
function termsOf(
  engine: Engine,
  words: readonly string[],
  marks: readonly (readonly string[])[],
): string {
  if (engine === 'postgres') {
    const quoted = (word: string): string => `'${word}'`;
    const terms = words.map(quoted).join(' & ');
    return terms + marks.map((list) => ` & (${list.map(quoted).join(' | ')})`).join('');
  }
  const quoted = (word: string): string => `"${word.replace('=', '')}"`;
  const terms = `words : (${words.map(quoted).join(' AND ')})`;
  const scope = marks.map((list) => ` AND scope : (${list.map(quoted).join(' OR ')})`).join('');
  return terms + scope;
}
