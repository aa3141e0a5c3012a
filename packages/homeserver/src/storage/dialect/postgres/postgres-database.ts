import pg from 'pg';

import type { Change, Submitted } from '../../change.ts';
import type { CommitListener, Database } from '../../database.ts';
import { DatabaseUnusable, migrate } from '../../migrate.ts';
import type { DatabaseIdentity, MigrationConnection } from '../../migrate.ts';
import type { Reader } from '../../sql.ts';
import { WriteQueue } from '../../write-queue.ts';
import { clientConfig } from './postgres-connection.ts';
import type { PostgresOptions } from './postgres-connection.ts';
import { PostgresReader } from './postgres-reader.ts';
import { numberParameters, postgresMigrationText } from './postgres-text.ts';
import { PostgresWriter } from './postgres-writer.ts';

/** Key of the advisory lock that keeps a second Soma off the database: 'soma' as four bytes. */
const LOCK_KEY = 0x73_6f_6d_61;

/** A PostgreSQL database: one pipelined connection writes, two pools read. */
export class PostgresDatabase implements Database {
  readonly engine = 'postgres';
  readonly incarnation: string;
  readonly snapshotKey: Uint8Array;
  readonly reader: Reader;
  readonly #pools: ReadPools;
  readonly #lock: pg.Client;
  readonly #queue: WriteQueue;

  private constructor(
    pools: ReadPools,
    lock: pg.Client,
    queue: WriteQueue,
    identity: DatabaseIdentity,
  ) {
    this.incarnation = identity.incarnation;
    this.snapshotKey = identity.snapshotKey;
    this.#pools = pools;
    this.#lock = lock;
    this.#queue = queue;
    this.reader = new PostgresReader(pools.singles);
  }

  static async open(options: PostgresOptions, serverName: string): Promise<PostgresDatabase> {
    const config = clientConfig(options);
    const lock = new pg.Client(config);
    await lock.connect();
    try {
      await takeLock(lock);
      const identity = await migrate(migrationConnection(lock), serverName);
      const epoch = await takeLease(lock);
      lock.on('error', () => undefined);
      const queue = new WriteQueue(
        new PostgresWriter(config, epoch, identity.position),
        identity.position,
      );
      return new PostgresDatabase(openReadPools(config, options), lock, queue, identity);
    } catch (error) {
      await lock.end();
      throw error;
    }
  }

  get position(): number {
    return this.#queue.position;
  }

  async read<T>(body: (reader: Reader) => Promise<T>): Promise<T> {
    const client = await this.#pools.snapshots.connect();
    let failure: Error | undefined;
    try {
      await client.query('begin isolation level repeatable read read only');
      const result = await body(new PostgresReader(client));
      await client.query('commit');
      return result;
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    } finally {
      if (failure !== undefined) await client.query('rollback').catch(() => undefined);
      client.release();
    }
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
    await this.#pools.snapshots.end();
    await this.#pools.singles.end();
    await this.#lock.end();
  }
}

/**
 * A read of one state often makes single reads, of names, before it ends. They have connections of their own:
 * from one pool, as many reads as it has connections would wait for each other for ever.
 */
interface ReadPools {
  readonly snapshots: pg.Pool;
  readonly singles: pg.Pool;
}

/** Shares the connections that the operator allows among the two; each has at least one. */
function openReadPools(config: pg.ClientConfig, options: PostgresOptions): ReadPools {
  const { connectionsMin, connectionsMax } = options;
  const open = (min: number, max: number): pg.Pool => {
    const pool = new pg.Pool({ ...config, min, max: Math.max(1, max) });
    pool.on('error', () => undefined);
    return pool;
  };
  const [min, max] = [Math.floor(connectionsMin / 2), Math.floor(connectionsMax / 2)];
  return {
    snapshots: open(connectionsMin - min, connectionsMax - max),
    singles: open(min, max),
  };
}

/** The lock belongs to the connection: the server releases it when this process dies. */
async function takeLock(lock: pg.Client): Promise<void> {
  const result = await lock.query<{ locked: boolean }>(
    'select pg_try_advisory_lock($1) as locked',
    [LOCK_KEY],
  );
  if (result.rows[0]?.locked !== true) {
    throw new DatabaseUnusable(
      'another Soma is running on this database: stop it first, or give this one a database of its own',
    );
  }
}

async function takeLease(lock: pg.Client): Promise<number> {
  const result = await lock.query<{ epoch: number }>(
    `insert into leases (kind, shard, owner, epoch) values ('process', 0, $1, 1)
     on conflict (kind, shard) do update set owner = excluded.owner, epoch = leases.epoch + 1
     returning epoch`,
    [String(process.pid)],
  );
  return result.rows[0]?.epoch ?? 0;
}

function migrationConnection(client: pg.Client): MigrationConnection {
  return {
    exec: async (text) => {
      await client.query(postgresMigrationText(text));
    },
    all: async (text, ...params) => {
      const result = await client.query<Record<string, unknown>>(numberParameters(text), params);
      return result.rows;
    },
  };
}
