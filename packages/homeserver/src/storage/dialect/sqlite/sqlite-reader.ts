import type { DatabaseSync, StatementSync } from 'node:sqlite';

import type { Query, Reader, SqlValue } from '../../sql.ts';
import { openReadingConnection } from './open-sqlite.ts';
import { sqliteText } from './sqlite-text.ts';

/** Reads over one connection; statements are prepared once. */
export class SqliteReader implements Reader {
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<number, StatementSync>();

  constructor(path: string) {
    this.#connection = openReadingConnection(path);
  }

  all<Row>(of: Query<Row>, ...params: SqlValue[]): Promise<Row[]> {
    try {
      return Promise.resolve(this.#prepared(of).all(...params) as Row[]);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  get<Row>(of: Query<Row>, ...params: SqlValue[]): Promise<Row | undefined> {
    try {
      return Promise.resolve(this.#prepared(of).get(...params) as Row | undefined);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  run(text: 'begin' | 'commit'): void {
    this.#connection.exec(text);
  }

  close(): void {
    this.#connection.close();
  }

  #prepared(of: Query<unknown>): StatementSync {
    const found = this.#statements.get(of.nid);
    if (found !== undefined) return found;
    const made = this.#connection.prepare(sqliteText(of.text));
    this.#statements.set(of.nid, made);
    return made;
  }
}

/** Connections for reads that must see one state; more than this many at once wait for each other. */
const CONNECTIONS_MAX = 8;

/** Hands out connections, each inside a read transaction of its own. */
export class SqliteReaderPool {
  readonly #path: string;
  readonly #idle: SqliteReader[] = [];
  readonly #waiting: ((reader: SqliteReader) => void)[] = [];
  #open = 0;

  constructor(path: string) {
    this.#path = path;
  }

  async read<T>(body: (reader: Reader) => Promise<T>): Promise<T> {
    const reader =
      this.#take() ??
      (await new Promise<SqliteReader>((resolve) => {
        this.#waiting.push(resolve);
      }));
    try {
      reader.run('begin');
      try {
        return await body(reader);
      } finally {
        reader.run('commit');
      }
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#idle.push(reader);
      else next(reader);
    }
  }

  close(): void {
    for (const reader of this.#idle.splice(0)) reader.close();
  }

  #take(): SqliteReader | undefined {
    const idle = this.#idle.pop();
    if (idle !== undefined || this.#open >= CONNECTIONS_MAX) return idle;
    this.#open += 1;
    return new SqliteReader(this.#path);
  }
}
