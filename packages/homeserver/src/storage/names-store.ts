import type { LRUCache } from 'lru-cache';

import { boundedCache } from './bounded-cache.ts';
import type { Database } from './database.ts';
import { write } from './database.ts';
import { escapeText, unescapeText } from './escape-text.ts';
import { NidBlocks } from './nid-blocks.ts';
import { query, rowStatements, rowsQuery, statement, textList } from './sql.ts';
import type { Query, RowsQuery, Statement } from './sql.ts';

/** The queries of one table of names. */
interface NameQueries {
  readonly kind: string;
  readonly insert: Query;
  readonly find: Query<{ nid: number }>;
  readonly text: Query<{ name: string }>;
  readonly insertAll: RowsQuery;
  readonly findAll: Query<{ nid: number; name: string }>;
}

const IF_NEW = 'on conflict do nothing';

function nameQueries(kind: string, table: string, nid: string, name: string): NameQueries {
  return {
    kind,
    insert: query(`insert into ${table} (${nid}, ${name}) values (?, ?) on conflict do nothing`),
    find: query(`select ${nid} as nid from ${table} where ${name} = ?`),
    text: query(`select ${name} as name from ${table} where ${nid} = ?`),
    insertAll: rowsQuery(`insert into ${table} (${nid}, ${name})`, '(?, ?)', IF_NEW),
    findAll: query(`select ${nid} as nid, ${name} as name from ${table} where ${name} {in_texts}`),
  };
}

const userQueries = nameQueries('user', 'users', 'user_nid', 'user_id');
const roomQueries = nameQueries('room', 'rooms', 'room_nid', 'room_id');
const typeQueries = nameQueries('event_type', 'event_types', 'type_nid', 'type');
const stateKeyQueries = {
  insert: query(
    'insert into state_keys (state_key_nid, type_nid, state_key) values (?, ?, ?) on conflict do nothing',
  ),
  find: query<{ nid: number }>(
    'select state_key_nid as nid from state_keys where type_nid = ? and state_key = ?',
  ),
  text: query<{ type_nid: number; state_key: string }>(
    'select type_nid, state_key from state_keys where state_key_nid = ?',
  ),
  insertAll: rowsQuery(
    'insert into state_keys (state_key_nid, type_nid, state_key)',
    '(?, ?, ?)',
    IF_NEW,
  ),
  findAll: query<{ nid: number; name: string }>(
    `select state_key_nid as nid, state_key as name from state_keys
     where type_nid = ? and state_key {in_texts}`,
  ),
};

const BLOCK_SIZE = 1_000;

/** Text ↔ integer for one kind of name. Append-only, so what is cached stays true for ever. */
export class Names {
  readonly #database: Database;
  readonly #queries: NameQueries;
  readonly #nids: LRUCache<string, number>;
  readonly #texts: LRUCache<number, string>;
  readonly #blocks: NidBlocks;
  readonly #interning = new Map<string, Promise<number>>();

  constructor(database: Database, queries: NameQueries, cacheMax: number) {
    this.#database = database;
    this.#queries = queries;
    this.#nids = boundedCache(cacheMax);
    this.#texts = boundedCache(cacheMax);
    this.#blocks = new NidBlocks(database, queries.kind, BLOCK_SIZE);
  }

  /** The nid when it is in memory. */
  cached(text: string): number | undefined {
    return this.#nids.get(text);
  }

  /** The text when it is in memory. */
  cachedText(nid: number): string | undefined {
    return this.#texts.get(nid);
  }

  /** The nid of a text that was interned; never interns. */
  async find(text: string): Promise<number | undefined> {
    const cached = this.#nids.get(text);
    if (cached !== undefined) return cached;
    const row = await this.#database.reader.get(this.#queries.find, escapeText(text));
    if (row !== undefined) this.#remember(text, row.nid);
    return row?.nid;
  }

  /** The nid of a text, interned by a commit of its own when it is new. */
  async intern(text: string): Promise<number> {
    const found = await this.find(text);
    if (found !== undefined) return found;
    const running = this.#interning.get(text);
    if (running !== undefined) return running;
    const made = this.#insert(text).finally(() => this.#interning.delete(text));
    this.#interning.set(text, made);
    return made;
  }

  /** Interns many at once, those that are new by one commit. */
  async internAll(texts: Iterable<string>): Promise<void> {
    const { findAll, insertAll } = this.#queries;
    const unknown = new Set<string>();
    for (const text of texts) if (this.#nids.get(text) === undefined) unknown.add(text);
    if (unknown.size === 0) return;
    const list = textList([...unknown].map(escapeText));
    this.#rememberAll(await this.#database.reader.all(findAll, list), unknown);
    if (unknown.size === 0) return;
    const rows: [nid: number, text: string][] = [];
    for (const text of unknown) rows.push([await this.#blocks.next(), escapeText(text)]);
    const find = statement(findAll, textList(rows.map(([, text]) => text)));
    const statements = [...rowStatements(insertAll, rows), find];
    const returning = [statements.length - 1];
    const applied = await write(this.#database, { statements, returning, positions: 0 });
    this.#rememberAll((applied.rows[0] ?? []).map(toNamed), unknown);
  }

  /** The text of a nid. Throws when there is none: nids come from our own tables. */
  async text(nid: number): Promise<string> {
    const cached = this.#texts.get(nid);
    if (cached !== undefined) return cached;
    const row = await this.#database.reader.get(this.#queries.text, nid);
    if (row === undefined) throw new Error(`no ${this.#queries.kind} has the nid ${nid}`);
    const text = unescapeText(row.name);
    this.#remember(text, nid);
    return text;
  }

  async #insert(text: string): Promise<number> {
    const fresh = await this.#blocks.next();
    const escaped = escapeText(text);
    const applied = await write(this.#database, {
      statements: [
        statement(this.#queries.insert, fresh, escaped),
        statement(this.#queries.find, escaped),
      ],
      returning: [1],
      positions: 0,
    });
    const nid = Number(applied.rows[0]?.[0]?.['nid']);
    this.#remember(text, nid);
    return nid;
  }

  /** Takes what was found out of the unknown. */
  #rememberAll(rows: readonly Named[], unknown: Set<string>): void {
    for (const { nid, name } of rows) {
      const text = unescapeText(name);
      this.#remember(text, nid);
      unknown.delete(text);
    }
  }

  #remember(text: string, nid: number): void {
    this.#nids.set(text, nid);
    this.#texts.set(nid, text);
  }
}

/** A row of a table of names, the name as it is stored. */
interface Named {
  readonly nid: number;
  readonly name: string;
}

function toNamed({ nid, name }: Readonly<Record<string, unknown>>): Named {
  return { nid: Number(nid), name: String(name) };
}

/** A (type, state_key) pair as text. */
export interface StateKey {
  readonly type: string;
  readonly stateKey: string;
}

/** (type, state_key) ↔ integer. */
export class StateKeys {
  readonly #database: Database;
  readonly #types: Names;
  readonly #nids: LRUCache<string, number>;
  readonly #pairs: LRUCache<number, StateKey>;
  readonly #blocks: NidBlocks;

  constructor(database: Database, types: Names, cacheMax: number) {
    this.#database = database;
    this.#types = types;
    this.#nids = boundedCache(cacheMax);
    this.#pairs = boundedCache(cacheMax);
    this.#blocks = new NidBlocks(database, 'state_key', BLOCK_SIZE);
  }

  cached(type: string, stateKey: string): number | undefined {
    return this.#nids.get(pairKey(type, stateKey));
  }

  cachedPair(nid: number): StateKey | undefined {
    return this.#pairs.get(nid);
  }

  async find(type: string, stateKey: string): Promise<number | undefined> {
    const cached = this.cached(type, stateKey);
    if (cached !== undefined) return cached;
    const typeNid = await this.#types.find(type);
    if (typeNid === undefined) return undefined;
    const row = await this.#database.reader.get(
      stateKeyQueries.find,
      typeNid,
      escapeText(stateKey),
    );
    if (row !== undefined) this.#remember({ type, stateKey }, row.nid);
    return row?.nid;
  }

  async intern(type: string, stateKey: string): Promise<number> {
    const found = await this.find(type, stateKey);
    if (found !== undefined) return found;
    const typeNid = await this.#types.intern(type);
    const fresh = await this.#blocks.next();
    const escaped = escapeText(stateKey);
    const applied = await write(this.#database, {
      statements: [
        statement(stateKeyQueries.insert, fresh, typeNid, escaped),
        statement(stateKeyQueries.find, typeNid, escaped),
      ],
      returning: [1],
      positions: 0,
    });
    const nid = Number(applied.rows[0]?.[0]?.['nid']);
    this.#remember({ type, stateKey }, nid);
    return nid;
  }

  /** Interns many at once, those that are new by one commit. */
  async internAll(pairs: Iterable<StateKey>): Promise<void> {
    const unknown = new Map<string, Set<string>>();
    for (const { type, stateKey } of pairs) {
      if (this.cached(type, stateKey) !== undefined) continue;
      const keys = unknown.get(type);
      if (keys === undefined) unknown.set(type, new Set([stateKey]));
      else keys.add(stateKey);
    }
    const statements: Statement[] = [];
    const returning: number[] = [];
    const types: string[] = [];
    for (const [type, keys] of unknown) {
      const typeNid = await this.#types.intern(type);
      await this.#findAll(type, typeNid, keys);
      if (keys.size === 0) continue;
      const rows: [nid: number, typeNid: number, key: string][] = [];
      for (const key of keys) rows.push([await this.#blocks.next(), typeNid, escapeText(key)]);
      const list = textList(rows.map(([, , key]) => key));
      statements.push(...rowStatements(stateKeyQueries.insertAll, rows));
      returning.push(statements.length);
      statements.push(statement(stateKeyQueries.findAll, typeNid, list));
      types.push(type);
    }
    if (statements.length === 0) return;
    const { rows } = await write(this.#database, { statements, returning, positions: 0 });
    for (const [index, type] of types.entries()) {
      this.#rememberAll(type, (rows[index] ?? []).map(toNamed), new Set());
    }
  }

  /** Takes what is there already out of the unknown keys. */
  async #findAll(type: string, typeNid: number, unknown: Set<string>): Promise<void> {
    const list = textList([...unknown].map(escapeText));
    const { reader } = this.#database;
    this.#rememberAll(type, await reader.all(stateKeyQueries.findAll, typeNid, list), unknown);
  }

  #rememberAll(type: string, rows: readonly Named[], unknown: Set<string>): void {
    for (const { nid, name } of rows) {
      const stateKey = unescapeText(name);
      this.#remember({ type, stateKey }, nid);
      unknown.delete(stateKey);
    }
  }

  async pair(nid: number): Promise<StateKey> {
    const cached = this.#pairs.get(nid);
    if (cached !== undefined) return cached;
    const row = await this.#database.reader.get(stateKeyQueries.text, nid);
    if (row === undefined) throw new Error(`no (type, state_key) pair has the nid ${nid}`);
    const pair = {
      type: await this.#types.text(row.type_nid),
      stateKey: unescapeText(row.state_key),
    };
    this.#remember(pair, nid);
    return pair;
  }

  #remember(pair: StateKey, nid: number): void {
    this.#nids.set(pairKey(pair.type, pair.stateKey), nid);
    this.#pairs.set(nid, pair);
  }
}

/** A length first, so that no two pairs share a key. */
function pairKey(type: string, stateKey: string): string {
  return `${type.length}:${type}${stateKey}`;
}

/** All names of one database. */
export interface InternedNames {
  readonly users: Names;
  readonly rooms: Names;
  readonly eventTypes: Names;
  readonly stateKeys: StateKeys;
}

/** `factor` scales the caches (Synapse's `caches.global_factor`). */
export function internedNames(database: Database, factor: number): InternedNames {
  const max = (count: number): number => Math.max(100, Math.floor(count * factor));
  const eventTypes = new Names(database, typeQueries, max(2_000));
  return {
    users: new Names(database, userQueries, max(50_000)),
    rooms: new Names(database, roomQueries, max(50_000)),
    eventTypes,
    stateKeys: new StateKeys(database, eventTypes, max(100_000)),
  };
}
