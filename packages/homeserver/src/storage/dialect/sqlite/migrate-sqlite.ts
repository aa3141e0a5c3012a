import type { DatabaseSync } from 'node:sqlite';

import { migrate } from '../../migrate.ts';
import type { DatabaseIdentity, MigrationConnection } from '../../migrate.ts';
import { openWritingConnection } from './open-sqlite.ts';
import { sqliteMigrationText } from './sqlite-text.ts';

/** Brings the file's schema up to date, making the file when it is absent. */
export async function migrateSqlite(path: string, serverName: string): Promise<DatabaseIdentity> {
  const connection = openWritingConnection(path);
  try {
    return await migrate(migrationConnection(connection), serverName);
  } finally {
    if (connection.isTransaction) connection.exec('rollback');
    connection.close();
  }
}

function migrationConnection(connection: DatabaseSync): MigrationConnection {
  return {
    exec: async (text) => {
      connection.exec(sqliteMigrationText(text));
    },
    all: async (text, ...params) => connection.prepare(text).all(...params),
  };
}
