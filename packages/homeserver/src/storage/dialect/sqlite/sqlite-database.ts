import type { Change, Submitted } from '../../change.ts';
import type { CommitListener, Database } from '../../database.ts';
import type { DatabaseIdentity } from '../../migrate.ts';
import type { Reader } from '../../sql.ts';
import { WriteQueue } from '../../write-queue.ts';
import type { BatchWriter } from '../../write-queue.ts';
import { SqliteReader, SqliteReaderPool } from './sqlite-reader.ts';
import { SqliteWriter } from './sqlite-writer.ts';

/** The embedded database: one writing thread, reads on this thread go on during its fsync. */
export class SqliteDatabase implements Database {
  readonly engine = 'sqlite';
  readonly incarnation: string;
  readonly snapshotKey: Uint8Array;
  readonly reader: Reader;
  readonly #single: SqliteReader;
  readonly #pool: SqliteReaderPool;
  readonly #queue: WriteQueue;

  constructor(
    path: string,
    identity: DatabaseIdentity,
    writer: BatchWriter = new SqliteWriter(path),
  ) {
    this.incarnation = identity.incarnation;
    this.snapshotKey = identity.snapshotKey;
    this.#single = new SqliteReader(path);
    this.reader = this.#single;
    this.#pool = new SqliteReaderPool(path);
    this.#queue = new WriteQueue(writer, identity.position);
  }

  get position(): number {
    return this.#queue.position;
  }

  read<T>(body: (reader: Reader) => Promise<T>): Promise<T> {
    return this.#pool.read(body);
  }

  reached(position: number): Promise<void> | undefined {
    return this.#queue.reached(position);
  }

  submit(change: Change): Submitted {
    return this.#queue.submit(change);
  }

  onCommit(listener: CommitListener): void {
    this.#queue.onCommit(listener);
  }

  async close(): Promise<void> {
    await this.#queue.close();
    this.#pool.close();
    this.#single.close();
  }
}
