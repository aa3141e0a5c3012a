import { randomBytes } from 'node:crypto';

import pg from 'pg';

import { preparePostgres } from '../../tools/test/prepare-postgres.ts';
import type { DatabaseHome, HomedDatabase } from './database-home.ts';

/** Databases on a private PostgreSQL server that is started for this run. */
export async function postgresHome(): Promise<DatabaseHome> {
  const cluster = await preparePostgres();
  if (cluster === undefined) throw new Error('PostgreSQL is missing');
  const { url } = cluster;
  return {
    engine: 'postgres',
    create: (_folder, template) => createDatabase(url, template),
    close: () => cluster.stop(),
  };
}

async function createDatabase(
  url: string,
  template: HomedDatabase | undefined,
): Promise<HomedDatabase> {
  const name = `soma_bench_${randomBytes(6).toString('hex')}`;
  const source = template === undefined ? 'template0' : String(template.config.args['dbname']);
  await ask(url, `create database ${name} encoding 'UTF8' template ${source}`);
  await ask(url, 'checkpoint');
  const { hostname, port, username, password } = new URL(url);
  return {
    config: {
      name: 'psycopg2',
      args: {
        host: hostname,
        port: Number(port),
        user: decodeURIComponent(username),
        password: decodeURIComponent(password),
        dbname: name,
      },
    },
    bytes: async () => Number(await ask(url, `select pg_database_size('${name}') as answer`)),
    drop: async () => void (await ask(url, `drop database if exists ${name} with (force)`)),
  };
}

/** Runs a statement and gives the column `answer` of its first row, where there is one. */
async function ask(url: string, statement: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ answer?: unknown }>(statement);
    return rows[0]?.answer;
  } finally {
    await client.end();
  }
}
