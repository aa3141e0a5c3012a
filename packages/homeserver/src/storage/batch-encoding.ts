import type { KeyObject } from 'node:crypto';

import { PositionRef, SignedText } from './sql.ts';
import type { SqlValue, Statement } from './sql.ts';
import type { BatchOutcome, BatchResult, QueuedChange } from './write-queue.ts';

/**
 * A change as one flat list. A batch of them crosses to the writer thread as one JSON text: a list of many values
 * costs the engine's own copying between threads more than twice as much as writing and reading that text.
 *
 *   change    := serial, serial it builds on or 0, positions,
 *                touch count, (kind, subject)*,
 *                guard count, (name, 1 = must exist, statement)*,
 *                statement count, (1 = rows wanted back, statement)*
 *   statement := query nid, parameter count, parameters
 *
 * A list of one number stands for a position offset, a list of one text for bytes in base64, a list of a key's number
 * and three texts for a signed text.
 */
export type EncodedValue = string | number | null | EncodedList;

type EncodedList =
  | readonly [number | string]
  | readonly [key: number, before: string, signed: string, after: string];

export interface EncodedBatch {
  readonly changes: readonly EncodedValue[][];
  /** Texts of queries that the thread has not seen: nid, text, nid, text … */
  readonly texts: (number | string)[];
}

/** What the thread was told before, so that it is told once. */
export class KnownToThread {
  readonly queries = new Set<number>();
  /** Their places are their numbers. A key cannot be written as JSON: it goes over by itself, before the batch. */
  readonly keys: KeyObject[] = [];
}

/** In place of a batch's text, which is never empty: the thread is to end. */
export const END_OF_BATCHES = '';

/** What became of a batch, in a form that is cheap to copy where all went well. */
export interface EncodedResults {
  readonly position: number;
  readonly commitUs: number;
  /** By change: its first position, or -1 for one of `others`. */
  readonly applied: readonly number[];
  /** Those that were refused or failed, or gave rows, by their place in the batch. */
  readonly others: ReadonlyMap<number, BatchResult>;
}

const IS_OTHER = -1;
const NO_ROWS: readonly [] = [];

export function encodeResults(
  results: readonly BatchResult[],
  position: number,
  commitUs: number,
): EncodedResults {
  const others = new Map<number, BatchResult>();
  const applied = results.map((result, index) => {
    if (result.outcome === 'applied' && result.rows.length === 0) return result.position;
    others.set(index, result);
    return IS_OTHER;
  });
  return { position, commitUs, applied, others };
}

export function decodeResults(encoded: EncodedResults): BatchOutcome {
  const { applied, others, position, commitUs } = encoded;
  const results = applied.map(
    (first, index): BatchResult =>
      others.get(index) ?? { outcome: 'applied', position: first, rows: NO_ROWS },
  );
  return { results, position, commitUs };
}

/** Encodes a batch, and adds what it mentions to `known`. */
export function encodeBatch(batch: readonly QueuedChange[], known: KnownToThread): EncodedBatch {
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
  known: KnownToThread,
  texts: (number | string)[],
): void {
  if (!known.queries.has(query.nid)) {
    known.queries.add(query.nid);
    texts.push(query.nid, query.text);
  }
  values.push(query.nid, params.length);
  for (const param of params) {
    if (param instanceof PositionRef) values.push([param.offset]);
    else if (param instanceof Uint8Array) values.push([Buffer.from(param).toString('base64')]);
    else if (param instanceof SignedText) values.push(encodeSigned(param, known));
    else values.push(param);
  }
}

function encodeSigned({ key, before, signed, after }: SignedText, { keys }: KnownToThread) {
  const found = keys.indexOf(key);
  const number = found >= 0 ? found : keys.push(key) - 1;
  return [number, before, signed, after] as const;
}

/** Reads an encoded change from front to back. */
export class ChangeCursor {
  readonly #values: readonly EncodedValue[];
  readonly #keys: readonly KeyObject[];
  #at = 0;

  constructor(values: readonly EncodedValue[], keys: readonly KeyObject[]) {
    this.#values = values;
    this.#keys = keys;
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
      const isList = typeof value === 'object' && value !== null;
      params.push(isList ? decode(value, position, this.#keys) : value);
    }
    return params;
  }
}

function decode(list: EncodedList, position: number, keys: readonly KeyObject[]): SqlValue {
  if (list.length === 4) {
    const [number, before, signed, after] = list;
    const key = keys[number];
    if (key === undefined) throw new Error(`key ${number} is unknown to the writer`);
    return new SignedText(key, before, signed, after).text;
  }
  const [value] = list;
  if (typeof value === 'number') return position + value;
  return Uint8Array.from(Buffer.from(value, 'base64'));
}
