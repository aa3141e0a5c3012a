import { PositionRef } from './sql.ts';
import type { SqlValue, Statement } from './sql.ts';
import type { BatchResult, QueuedChange } from './write-queue.ts';

/**
 * A change as one flat list, the form that crosses to the writer thread at the least cost:
 *
 *   change    := serial, serial it builds on or 0, positions,
 *                touch count, (kind, subject)*,
 *                guard count, (name, 1 = must exist, statement)*,
 *                statement count, (1 = rows wanted back, statement)*
 *   statement := query nid, parameter count, parameters
 *
 * A bigint stands for a position offset; no other bigint occurs in parameters.
 */
export type EncodedValue = SqlValue | bigint;

export interface EncodedBatch {
  readonly changes: readonly EncodedValue[][];
  /** Texts of queries that the thread has not seen: nid, text, nid, text … */
  readonly texts: (number | string)[];
}

export interface EncodedResults {
  readonly results: BatchResult[];
  readonly position: number;
}

/** Encodes a batch; `known` remembers which query texts the other side has. */
export function encodeBatch(batch: readonly QueuedChange[], known: Set<number>): EncodedBatch {
  const texts: (number | string)[] = [];
  const changes = batch.map(({ serial, change }) => {
    const values: EncodedValue[] = [serial, change.buildsOn ?? 0, change.positions];
    const touches = change.touches ?? [];
    values.push(touches.length);
    for (const touch of touches) values.push(touch.kind, touch.subject);
    const guards = change.guards ?? [];
    values.push(guards.length);
    for (const guard of guards) {
      values.push(guard.name, guard.expect === 'exists' ? 1 : 0);
      encodeStatement(guard.check, values, known, texts);
    }
    values.push(change.statements.length);
    for (const [index, statement] of change.statements.entries()) {
      values.push(change.returning?.includes(index) ? 1 : 0);
      encodeStatement(statement, values, known, texts);
    }
    return values;
  });
  return { changes, texts };
}

function encodeStatement(
  { query, params }: Statement,
  values: EncodedValue[],
  known: Set<number>,
  texts: (number | string)[],
): void {
  if (!known.has(query.nid)) {
    known.add(query.nid);
    texts.push(query.nid, query.text);
  }
  values.push(query.nid, params.length);
  for (const param of params) {
    values.push(param instanceof PositionRef ? BigInt(param.offset) : param);
  }
}

/** Reads an encoded change from front to back. */
export class ChangeCursor {
  readonly #values: readonly EncodedValue[];
  #at = 0;

  constructor(values: readonly EncodedValue[]) {
    this.#values = values;
  }

  number(): number {
    const value = this.#values[this.#at++];
    if (typeof value !== 'number') throw new Error('malformed change: a number was expected');
    return value;
  }

  text(): string {
    const value = this.#values[this.#at++];
    if (typeof value !== 'string') throw new Error('malformed change: a text was expected');
    return value;
  }

  /** The next statement's parameters, position references resolved against `position`. */
  params(position: number): SqlValue[] {
    const count = this.number();
    const params: SqlValue[] = [];
    for (let index = 0; index < count; index += 1) {
      const value = this.#values[this.#at++];
      if (value === undefined) throw new Error('malformed change: it ends early');
      params.push(typeof value === 'bigint' ? position + Number(value) : value);
    }
    return params;
  }
}
