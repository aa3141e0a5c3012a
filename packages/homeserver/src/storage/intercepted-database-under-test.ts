import type { Change, Submitted } from './change.ts';
import type { CommitListener, Database } from './database.ts';
import { query, statement } from './sql.ts';
import type { Reader } from './sql.ts';

const impossible = query('insert into meta (name, value) values (null, null)');

/** The change with a statement that the database does not take, so that it fails as a whole. */
export function broken(change: Change): Change {
  return { ...change, statements: [...change.statements, statement(impossible)] };
}

/** A real database whose changes a test may alter, or hold up, on their way to the writer. */
export class InterceptedDatabase implements Database {
  /** Called with each change before it is submitted. */
  intercept: (change: Change) => Change = (change) => change;
  /** What the callers' answers wait for in addition to the commit. */
  held: Promise<unknown> | undefined;
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  get engine(): Database['engine'] {
    return this.#database.engine;
  }

  get incarnation(): string {
    return this.#database.incarnation;
  }

  get snapshotKey(): Uint8Array {
    return this.#database.snapshotKey;
  }

  get position(): number {
    return this.#database.position;
  }

  get reader(): Reader {
    return this.#database.reader;
  }

  reached(position: number): Promise<void> | undefined {
    return this.#database.reached(position);
  }

  read<T>(body: (reader: Reader) => Promise<T>): Promise<T> {
    return this.#database.read(body);
  }

  submit(change: Change): Submitted {
    const submitted = this.#database.submit(this.intercept(change));
    const { held } = this;
    if (held === undefined) return submitted;
    return { serial: submitted.serial, done: held.then(() => submitted.done) };
  }

  onCommit(listener: CommitListener): void {
    this.#database.onCommit(listener);
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}
