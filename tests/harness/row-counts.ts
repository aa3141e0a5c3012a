import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import pg from 'pg';

import { textAt, valueAt } from './json-path.ts';

/** How many rows each table of a server's database has; the server may run. */
export async function rowCounts({
  folder,
}: {
  readonly folder: string;
}): Promise<Readonly<Record<string, number>>> {
  const config: unknown = JSON.parse(readFileSync(join(folder, 'homeserver.yaml'), 'utf8'));
  const name = textAt(config, 'database', 'name');
  const args = valueAt(config, 'database', 'args');
  return name === 'sqlite3' ? countInSqlite(textAt(args, 'database')) : countInPostgres(args);
}

function countInSqlite(path: string): Record<string, number> {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const tables = database
      .prepare("select name from sqlite_schema where type = 'table' and name not like '%fts%'")
      .all();
    return Object.fromEntries(
      tables.map(({ name }) => {
        const count = database.prepare(`select count(*) as count from "${String(name)}"`).get();
        return [String(name), Number(count?.['count'])];
      }),
    );
  } finally {
    database.close();
  }
}

async function countInPostgres(args: unknown): Promise<Record<string, number>> {
  const client = new pg.Client({
    host: textAt(args, 'host'),
    port: Number(valueAt(args, 'port')),
    user: textAt(args, 'user'),
    password: textAt(args, 'password'),
    database: textAt(args, 'dbname'),
  });
  await client.connect();
  try {
    const tables = await client.query<{ name: string }>(
      "select tablename as name from pg_tables where schemaname = 'public'",
    );
    const counts: Record<string, number> = {};
    for (const { name } of tables.rows) {
      const { rows } = await client.query<{ count: string }>(`select count(*) from "${name}"`);
      counts[name] = Number(rows[0]?.count);
    }
    return counts;
  } finally {
    await client.end();
  }
}
