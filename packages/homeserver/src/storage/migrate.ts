import { randomBytes } from 'node:crypto';

import { migrations } from './migrations/migrations.ts';
import { randomIncarnation } from './new-incarnation.ts';

/** What a database says of itself; written once, when it is made. */
export interface DatabaseIdentity {
  readonly incarnation: string;
  readonly snapshotKey: Uint8Array;
  readonly position: number;
}

/** One engine's connection while the schema is brought up to date, before anything else uses it. */
export interface MigrationConnection {
  /** Runs several statements, given in the dialect-neutral form of {@link migrations}. */
  exec(text: string): Promise<void>;
  /** Rows of one query, columns as texts or numbers. */
  all(text: string, ...params: (string | number)[]): Promise<Record<string, unknown>[]>;
}

/** The database cannot be used by this program or this server: the start stops with this message. */
export class DatabaseUnusable extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DatabaseUnusable';
  }
}

/**
 * Brings the schema up to date, each migration that it lacks in a transaction of its own, and checks that the
 * database belongs to `serverName`. Numbers may have gaps. Throws {@link DatabaseUnusable}.
 */
export async function migrate(
  connection: MigrationConnection,
  serverName: string,
): Promise<DatabaseIdentity> {
  await connection.exec(
    'create table if not exists migrations (number integer primary key, name text not null)',
  );
  const rows = await connection.all('select number, name from migrations order by number');
  const applied = new Set(rows.map((row) => Number(row['number'])));
  const last = Math.max(0, ...applied);
  const newest = migrations.at(-1)?.number ?? 0;
  if (last > newest) {
    throw new DatabaseUnusable(
      `the database was written by a newer Soma (its schema is ${last}, this one knows ${newest}): use that release, or restore a backup`,
    );
  }
  for (const migration of migrations) {
    if (applied.has(migration.number)) continue;
    await connection.exec('begin');
    await connection.exec(migration.text);
    await connection.all(
      'insert into migrations (number, name) values (?, ?)',
      migration.number,
      migration.name,
    );
    await connection.exec('commit');
  }
  return identify(connection, serverName);
}

async function identify(
  connection: MigrationConnection,
  serverName: string,
): Promise<DatabaseIdentity> {
  const found = await readMeta(connection);
  const owner = found.get('server_name');
  if (owner === undefined) {
    await connection.exec('begin');
    const insert = 'insert into meta (name, value) values (?, ?)';
    await connection.all(insert, 'server_name', serverName);
    await connection.all(insert, 'incarnation', randomIncarnation());
    await connection.all(insert, 'snapshot_key', randomBytes(16).toString('hex'));
    await connection.exec('commit');
    return identify(connection, serverName);
  }
  if (owner !== serverName) {
    throw new DatabaseUnusable(
      `the database belongs to the server '${owner}', and server_name is '${serverName}': a server's name cannot change; give this server a database of its own`,
    );
  }
  const clock = await connection.all('select position from clock');
  return {
    incarnation: found.get('incarnation') ?? '',
    snapshotKey: Buffer.from(found.get('snapshot_key') ?? '', 'hex'),
    position: Number(clock[0]?.['position'] ?? 0),
  };
}

async function readMeta(connection: MigrationConnection): Promise<Map<string, string>> {
  const rows = await connection.all('select name, value from meta');
  return new Map(rows.map((row) => [String(row['name']), String(row['value'])]));
}
