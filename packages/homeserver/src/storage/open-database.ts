import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

import type { Database } from './database.ts';
import type { PostgresOptions } from './dialect/postgres/postgres-connection.ts';
import { migrateSqlite } from './dialect/sqlite/migrate-sqlite.ts';
import { SqliteDatabase } from './dialect/sqlite/sqlite-database.ts';
import { DatabaseUnusable } from './migrate.ts';

export type DatabaseOptions =
  | { readonly engine: 'sqlite'; readonly path: string }
  | ({ readonly engine: 'postgres' } & PostgresOptions);

/** SQLite's name for a database that belongs to one connection alone. */
const IN_MEMORY = ':memory:';

/** Opens the database, bringing its schema up to date. Throws {@link DatabaseUnusable}. */
export async function openDatabase(
  options: DatabaseOptions,
  serverName: string,
): Promise<Database> {
  if (options.engine === 'postgres') {
    // Loaded where it is used: the embedded database needs none of it.
    const { PostgresDatabase } = await import('./dialect/postgres/postgres-database.ts');
    return PostgresDatabase.open(options, serverName);
  }
  if (options.path === IN_MEMORY) {
    throw new DatabaseUnusable(
      'a database in memory cannot be used, since the server has several connections to it: give a file in database.args.database',
    );
  }
  mkdirSync(dirname(options.path), { recursive: true });
  const identity = await migrateSqlite(options.path, serverName);
  return new SqliteDatabase(options.path, identity);
}
