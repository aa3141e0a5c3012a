import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import pg from 'pg';

/** The `database` section of homeserver.yaml. */
export interface DatabaseConfig {
  readonly name: string;
  readonly args: Readonly<Record<string, string | number>>;
}

export interface TestDatabase {
  readonly config: DatabaseConfig;
  /** Removes the database with all it holds; connections to it are cut. */
  drop(): Promise<void>;
  /** Keeps a copy as it is now, of a database that nothing is connected to. */
  backUp(): Promise<TestBackup>;
}

export interface TestBackup {
  /** Puts the copy in the place of the database, once. */
  restore(): Promise<void>;
}

export interface TestEngine {
  readonly name: 'sqlite' | 'postgres';
  /** A new, empty database. */
  createDatabase(): Promise<TestDatabase>;
}

const missingPostgres =
  'postgres: SOMA_TEST_POSTGRES is not set; `npm test` starts a server and sets it';

/**
 * The database engines that a test runs on; called where tests are declared. Put the engine's
 * name into the title of each suite or test, since the test command counts by it:
 *
 *     for (const engine of testEngines()) {
 *       describe(`event store (${engine.name})`, () => { … });
 *     }
 *
 * Without a PostgreSQL server its place is taken by one test that is visibly skipped.
 */
export function testEngines(): TestEngine[] {
  const url = process.env['SOMA_TEST_POSTGRES'];
  const sqlite: TestEngine = { name: 'sqlite', createDatabase: createSqliteDatabase };
  if (url === undefined || url === '') {
    test('postgres', { skip: missingPostgres }, () => {});
    return [sqlite];
  }
  return [sqlite, { name: 'postgres', createDatabase: () => createPostgresDatabase(url) }];
}

async function createSqliteDatabase(): Promise<TestDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'soma-sqlite-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  return {
    config: { name: 'sqlite3', args: { database: join(folder, 'homeserver.db') } },
    async drop() {
      process.off('exit', remove);
      remove();
    },
    async backUp() {
      const copy = mkdtempSync(join(tmpdir(), 'soma-sqlite-backup-'));
      cpSync(folder, copy, { recursive: true });
      return {
        async restore() {
          rmSync(folder, { recursive: true });
          renameSync(copy, folder);
        },
      };
    },
  };
}

async function createPostgresDatabase(serverUrl: string): Promise<TestDatabase> {
  const name = `soma_${randomBytes(8).toString('hex')}`;
  await runStatement(serverUrl, `create database ${name} encoding 'UTF8' template template0`);
  const { hostname, port, username, password } = new URL(serverUrl);
  return {
    config: {
      name: 'psycopg2',
      args: {
        host: hostname,
        port: Number(port === '' ? 5432 : port),
        user: decodeURIComponent(username),
        password: decodeURIComponent(password),
        dbname: name,
      },
    },
    drop: () => dropPostgresDatabase(serverUrl, name),
    async backUp() {
      const copy = `${name}_backup`;
      await runStatement(serverUrl, `create database ${copy} template ${name}`);
      return {
        async restore() {
          await dropPostgresDatabase(serverUrl, name);
          await runStatement(serverUrl, `alter database ${copy} rename to ${name}`);
        },
      };
    },
  };
}

function dropPostgresDatabase(serverUrl: string, name: string): Promise<void> {
  return runStatement(serverUrl, `drop database if exists ${name} with (force)`);
}

async function runStatement(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
