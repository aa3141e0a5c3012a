import type { LRUCache } from 'lru-cache';

import { boundedCache } from './bounded-cache.ts';
import type { Database } from './database.ts';
import { write } from './database.ts';
import { escapeText, unescapeText } from './escape-text.ts';
import { NidBlocks } from './nid-blocks.ts';
import { query, statement } from './sql.ts';
import type { Query, Statement } from './sql.ts';

/** The queries of one table of names. */
interface NameQueries {
  readonly kind: string;
  readonly insert: Query;
  readonly find: Query<{ nid: number }>;
  readonly text: Query<{ name: string }>;
}

function nameQueries(kind: string, table: string, nid: string, name: string): NameQueries {
  return {
    kind,
    insert: query(`insert into ${table} (${nid}, ${name}) values (?, ?) on conflict do nothing`),
    find: query(`select ${nid} as nid from ${table} where ${name} = ?`),
    text: query(`select ${name} as name from ${table} where ${nid} = ?`),
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
    const fresh: string[] = [];
    for (const text of new Set(texts)) if ((await this.find(text)) === undefined) fresh.push(text);
    const nids = await insertAll(this.#database, this.#blocks, fresh, (text, nid) => {
      const escaped = escapeText(text);
      return [
        statement(this.#queries.insert, nid, escaped),
        statement(this.#queries.find, escaped),
      ];
    });
    for (const [index, text] of fresh.entries()) this.#remember(text, nids[index] ?? 0);
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

  #remember(text: string, nid: number): void {
    this.#nids.set(text, nid);
    this.#texts.set(nid, text);
  }
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
    const fresh = new Map<string, StateKey>();
    for (const pair of pairs) {
      const { type, stateKey } = pair;
      if ((await this.find(type, stateKey)) === undefined) fresh.set(pairKey(type, stateKey), pair);
    }
    const list = [...fresh.values()];
    const typeNids = new Map<string, number>();
    for (const { type } of list) {
      if (!typeNids.has(type)) typeNids.set(type, await this.#types.intern(type));
    }
    const nids = await insertAll(this.#database, this.#blocks, list, ({ type, stateKey }, nid) => {
      const [typeNid = 0, escaped] = [typeNids.get(type), escapeText(stateKey)];
      return [
        statement(stateKeyQueries.insert, nid, typeNid, escaped),
        statement(stateKeyQueries.find, typeNid, escaped),
      ];
    });
    for (const [index, pair] of list.entries()) this.#remember(pair, nids[index] ?? 0);
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

/** Inserts names unless they are there, all in one change, and gives the nids that they have then. */
async function insertAll<Name>(
  database: Database,
  blocks: NidBlocks,
  names: readonly Name[],
  statementsOf: (name: Name, freshNid: number) => [insert: Statement, find: Statement],
): Promise<number[]> {
  if (names.length === 0) return [];
  const statements: Statement[] = [];
  for (const name of names) statements.push(...statementsOf(name, await blocks.next()));
  const returning = names.map((_, index) => 2 * index + 1);
  const { rows } = await write(database, { statements, returning, positions: 0 });
  return names.map((_, index) => Number(rows[index]?.[0]?.['nid']));
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
