import type pg from 'pg';

import type { Query, Reader, SqlValue } from '../../sql.ts';
import { preparedQuery } from './postgres-connection.ts';

/** Reads through anything that takes a query: the pool, or one connection in a transaction. */
export class PostgresReader implements Reader {
  readonly #source: Pick<pg.Pool | pg.PoolClient, 'query'>;

  constructor(source: Pick<pg.Pool | pg.PoolClient, 'query'>) {
    this.#source = source;
  }

  async all<Row>(of: Query<Row>, ...params: SqlValue[]): Promise<Row[]> {
    const result = await this.#source.query(preparedQuery(of, params));
    return result.rows as Row[];
  }

  async get<Row>(of: Query<Row>, ...params: SqlValue[]): Promise<Row | undefined> {
    const rows = await this.all(of, ...params);
    return rows[0];
  }
}
