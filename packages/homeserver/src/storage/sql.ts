/**
 * The typed SQL layer: every query is a module-level value, written once for both engines, prepared once.
 *
 * Texts use `?` for parameters and only what SQLite and PostgreSQL both understand; what differs is in
 * `dialect/`. Two words are translated: `column {in}` takes a list of integers as one parameter, see
 * {@link integerList}, and `column {in_texts}` a list of texts, see {@link textList}.
 */

import type { KeyObject } from 'node:crypto';

import { signText } from '../config/signing-key.ts';

/** A value as a database column holds it. Integers stay within ±(2^53−1). */
export type SqlValue = string | number | null | Uint8Array;

/** A row as the engines give it back, by column name. */
export type SqlRow = Record<string, SqlValue>;

/** Stands for "the position that the writer gives this change, plus `offset`" (DATA-MODEL, One clock). */
export class PositionRef {
  readonly offset: number;

  constructor(offset: number) {
    this.offset = offset;
  }
}

/** The change's first position. */
export const POSITION = new PositionRef(0);

/** The change's position number `offset`, counted from 0. */
export function positionAt(offset: number): PositionRef {
  return offset === 0 ? POSITION : new PositionRef(offset);
}

/**
 * Stands for the text `before`, the Ed25519 signature of `signed` in unpadded base64, `after`. The writer signs: a
 * signature is a fifth of what a send costs, and the thread that serves requests has more to do.
 */
export class SignedText {
  readonly key: KeyObject;
  readonly before: string;
  readonly signed: string;
  readonly after: string;

  constructor(key: KeyObject, before: string, signed: string, after: string) {
    this.key = key;
    this.before = before;
    this.signed = signed;
    this.after = after;
  }

  get text(): string {
    return this.before + signText(this.key, this.signed) + this.after;
  }
}

export type SqlParam = SqlValue | PositionRef | SignedText;

/** One SQL text. `Row` is the shape of its rows; the number is its name among prepared statements. */
export interface Query<Row = SqlRow> {
  readonly nid: number;
  readonly text: string;
  readonly row?: Row;
}

let queryCount = 0;

/** Makes a query. Call it at module level only: each call is a prepared statement for the whole run. */
export function query<Row = SqlRow>(text: string): Query<Row> {
  queryCount += 1;
  return { nid: queryCount, text };
}

/** A query with its parameters: what a change is made of. */
export interface Statement {
  readonly query: Query<unknown>;
  readonly params: readonly SqlParam[];
}

export function statement(of: Query<unknown>, ...params: SqlParam[]): Statement {
  return { query: of, params };
}

/** The parameter of `{in}`. */
export function integerList(values: Iterable<number>): string {
  return JSON.stringify([...values]);
}

/** The parameter of `{in_texts}`; the texts as the column has them. */
export function textList(values: Iterable<string>): string {
  return JSON.stringify([...values]);
}

/** Rows in one statement: a statement for each would cost more than the rows. */
const ROWS_AT_ONCE = [100, 10, 1] as const;

/** An insert of many rows. */
export type RowsQuery = readonly (readonly [count: number, of: Query])[];

/**
 * Makes an insert for {@link rowStatements}; call it at module level only.
 *
 * @param row the values of one row, as in `(?, ?, 0)`
 */
export function rowsQuery(insert: string, row: string, after = ''): RowsQuery {
  return ROWS_AT_ONCE.map((count) => {
    const rows = Array.from({ length: count }, () => row).join(', ');
    return [count, query(`${insert} values ${rows} ${after}`)];
  });
}

/** Inserts rows, given by their parameters, in as few statements as there is use for. */
export function rowStatements(of: RowsQuery, rows: readonly (readonly SqlParam[])[]): Statement[] {
  const statements: Statement[] = [];
  let done = 0;
  for (const [count, each] of of) {
    for (; rows.length - done >= count; done += count) {
      statements.push({ query: each, params: rows.slice(done, done + count).flat() });
    }
  }
  return statements;
}

/** Reads rows. Each call sees one committed state; calls of one {@link Database.read} all see the same. */
export interface Reader {
  all<Row>(of: Query<Row>, ...params: SqlValue[]): Promise<Row[]>;
  get<Row>(of: Query<Row>, ...params: SqlValue[]): Promise<Row | undefined>;
}
