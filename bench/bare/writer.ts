import { DatabaseSync, type StatementSync } from 'node:sqlite';

/** Writes rows durably; many share a commit. */
export interface RowWriter {
  /** `done` is called after the commit that holds the row. */
  write(json: string, done: () => void): void;
  close(): Promise<void>;
}

/** The writing connection of the bare reference: WAL, every commit fsynced. */
export class RowTable {
  readonly #connection: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;

  constructor(path: string) {
    this.#connection = new DatabaseSync(path);
    this.#connection.exec(`
      pragma journal_mode = wal;
      pragma synchronous = full;
      pragma cache_size = -32768;
      create table if not exists events (position integer primary key, json text not null);
    `);
    this.#insert = this.#connection.prepare('insert into events (json) values (?)');
    this.#begin = this.#connection.prepare('begin immediate');
    this.#commit = this.#connection.prepare('commit');
  }

  /** One transaction; returns after its fsync. */
  insert(rows: readonly string[]): void {
    this.#begin.run();
    for (const json of rows) this.#insert.run(json);
    this.#commit.run();
  }

  close(): void {
    this.#connection.close();
  }
}
