import type { Database } from '../storage/database.ts';
import { integerList, query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

type Engine = Database['engine'];

/** What of an event's content is searched (CS API, `keys`). */
export type SearchKey = 'content.body' | 'content.name' | 'content.topic';

/** Words of the index that no text has: which key the text is from, and in which room it is. */
const KEY_MARKS: Readonly<Record<SearchKey, string>> = {
  'content.body': 'kb',
  'content.name': 'kn',
  'content.topic': 'kt',
};

interface CandidateRow {
  readonly event_nid: number;
  readonly room_nid: number;
  readonly sender_nid: number;
  readonly rank: number;
}

/** Full text is where the engines have no words in common; each is asked its own query, with the same parameters. */
const sqliteQueries = {
  insertEvent: query(
    'insert into search_events (event_nid, room_nid, sender_nid) values (?, ?, ?) on conflict do nothing',
  ),
  insertDocument: query('insert into search_index (rowid, words, scope) values (?, ?, ?)'),
  deleteDocument: query('delete from search_index where rowid = ?'),
};
const insertPostgresDocument = query(
  `insert into search_events (event_nid, room_nid, sender_nid, document)
   values (?, ?, ?, array_to_tsvector(string_to_array(cast(? as text), ' '))) on conflict do nothing`,
);
const deleteEvent = query('delete from search_events where event_nid = ?');

/** (terms, below which event, rooms, limit); the rank grows with the likeness. */
const candidates = {
  sqlite: query<CandidateRow>(
    `select s.event_nid, s.room_nid, s.sender_nid, -f.rank as rank
     from search_index f join search_events s on s.event_nid = f.rowid
     where f.search_index match ? and f.rowid < ? and s.room_nid {in}
     order by f.rowid desc limit ?`,
  ),
  postgres: query<CandidateRow>(
    `with asked as (select cast(? as text)::tsquery as terms)
     select s.event_nid, s.room_nid, s.sender_nid, ts_rank(s.document, asked.terms) as rank
     from search_events s, asked
     where s.document @@ asked.terms and s.event_nid < ? and s.room_nid {in}
     order by s.event_nid desc limit ?`,
  ),
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
  const event = [eventNid, roomNid, senderNid] as const;
  const words = document.words.join(' ');
  const scope = `${KEY_MARKS[key]}= r${roomNid}=`;
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
  readonly rank: number;
}

/** More rooms than these are looked up for each event found instead of being asked for. */
const MARKED_ROOMS_MAX = 200;

/** The newest events that hold all the words. */
export async function readCandidates(
  reader: Reader,
  engine: Engine,
  { words, keys, roomNids, below, limit }: SearchQuestion,
): Promise<Candidate[]> {
  if (keys.length === 0 || roomNids.length === 0) return [];
  const marks = [keys.map((key) => `${KEY_MARKS[key]}=`)];
  if (roomNids.length <= MARKED_ROOMS_MAX) marks.push(roomNids.map((nid) => `r${nid}=`));
  const terms = engine === 'sqlite' ? fts5Query(words, marks) : tsQuery(words, marks);
  const bounds = [below, integerList(roomNids), limit] as const;
  const rows = await reader.all(candidates[engine], terms, ...bounds);
  return rows.map((row) => ({
    eventNid: row.event_nid,
    roomNid: row.room_nid,
    senderNid: row.sender_nid,
    rank: row.rank,
  }));
}

/** Words hold letters and digits alone, and marks those and an equals sign, so that nothing needs to be quoted. */
function fts5Query(words: readonly string[], marks: readonly (readonly string[])[]): string {
  const quoted = (word: string): string => `"${word.replace('=', '')}"`;
  const terms = `words : (${words.map(quoted).join(' AND ')})`;
  const scope = marks.map((list) => ` AND scope : (${list.map(quoted).join(' OR ')})`).join('');
  return terms + scope;
}

function tsQuery(words: readonly string[], marks: readonly (readonly string[])[]): string {
  const quoted = (word: string): string => `'${word}'`;
  const terms = words.map(quoted).join(' & ');
  const scope = marks.map((list) => ` & (${list.map(quoted).join(' | ')})`).join('');
  return terms + scope;
}
