import type { KeyObject } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';

import { ChangeCursor, encodeResults } from '../../batch-encoding.ts';
import type { EncodedBatch, EncodedResults, EncodedValue } from '../../batch-encoding.ts';
import { PREDECESSOR } from '../../change.ts';
import type { Outcome } from '../../change.ts';
import type { BatchResult } from '../../write-queue.ts';
import { sqliteText } from './sqlite-text.ts';

/** A head that builds on a fallen change is reloaded at once, so that few need to be remembered. */
const FALLEN_MAX = 10_000;

/** Applies batches over the only writing connection, each in one commit. */
export class BatchApplier {
  readonly #connection: DatabaseSync;
  readonly #texts = new Map<number, string>();
  readonly #keys: KeyObject[] = [];
  readonly #statements = new Map<number, StatementSync>();
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #rollback: StatementSync;
  readonly #setClock: StatementSync;
  readonly #insertTouch: StatementSync;
  /** Changes that fell, so that those that build on them fall too. */
  readonly #fallen = new Set<number>();
  #position: number;
  /** How long the last commit took. */
  #commitUs = 0;

  constructor(connection: DatabaseSync) {
    this.#connection = connection;
    this.#begin = connection.prepare('begin immediate');
    this.#commit = connection.prepare('commit');
    this.#rollback = connection.prepare('rollback');
    this.#setClock = connection.prepare('update clock set position = ? where one = 1');
    this.#insertTouch = connection.prepare(
      'insert into changes (position, kind, subject) values (?, ?, ?) on conflict do nothing',
    );
    const clock = connection.prepare('select position from clock where one = 1').get();
    this.#position = Number(clock?.['position'] ?? 0);
  }

  /** Signed texts name keys by their number, in the order in which they came. */
  learnKey(key: KeyObject): void {
    this.#keys.push(key);
  }

  apply({ changes, texts }: EncodedBatch): EncodedResults {
    for (let index = 0; index < texts.length; index += 2) {
      this.#texts.set(Number(texts[index]), String(texts[index + 1]));
    }
    const results = this.#applyTogether(changes) ?? this.#applyOneByOne(changes);
    return encodeResults(results, this.#position, this.#commitUs);
  }

  /** Undefined when an unexpected error has undone the whole commit. */
  #applyTogether(changes: readonly EncodedValue[][]): BatchResult[] | undefined {
    try {
      return this.#commitAll(changes);
    } catch {
      return undefined;
    }
  }

  /** After an unexpected error: each change in a commit of its own, so that one bad change harms no other. */
  #applyOneByOne(changes: readonly EncodedValue[][]): BatchResult[] {
    return changes.flatMap((change): BatchResult[] => {
      try {
        return this.#commitAll([change]);
      } catch (error) {
        this.#fall(new ChangeCursor(change, this.#keys).number());
        const cause = error instanceof Error ? error : new Error(String(error));
        return [{ outcome: 'failed', error: cause }];
      }
    });
  }

  #commitAll(changes: readonly EncodedValue[][]): BatchResult[] {
    const before = this.#position;
    this.#begin.run();
    try {
      const results = changes.map((change) => this.#applyChange(change));
      if (this.#position !== before) this.#setClock.run(this.#position);
      const beforeCommit = performance.now();
      this.#commit.run();
      this.#commitUs = (performance.now() - beforeCommit) * 1000;
      return results;
    } catch (error) {
      this.#position = before;
      if (this.#connection.isTransaction) this.#rollback.run();
      throw error;
    }
  }

  /** Applies one change inside the running transaction, and moves the position. */
  #applyChange(values: readonly EncodedValue[]): Outcome {
    const cursor = new ChangeCursor(values, this.#keys);
    const serial = cursor.number();
    const buildsOn = cursor.number();
    const positions = cursor.number();
    const first = positions > 0 ? this.#position + 1 : 0;
    const touches: [kind: number, subject: number][] = [];
    for (let left = cursor.number(); left > 0; left -= 1) {
      touches.push([cursor.number(), cursor.number()]);
    }
    const refusedBy = this.#fallen.has(buildsOn) ? PREDECESSOR : this.#refusal(cursor, first);
    if (refusedBy !== undefined) {
      this.#fall(serial);
      return { outcome: 'refused', guard: refusedBy };
    }
    const rows: Record<string, unknown>[][] = [];
    for (let left = cursor.number(); left > 0; left -= 1) {
      const isWanted = cursor.number() === 1;
      const statement = this.#prepared(cursor.number());
      const params = cursor.params(first);
      if (isWanted) rows.push(statement.all(...params));
      else statement.run(...params);
    }
    for (const [kind, subject] of touches) this.#insertTouch.run(first, kind, subject);
    this.#position += positions;
    return { outcome: 'applied', position: first, rows };
  }

  /** The name of the first guard that does not hold. */
  #refusal(cursor: ChangeCursor, first: number): string | undefined {
    for (let left = cursor.number(); left > 0; left -= 1) {
      const name = cursor.text();
      const mustExist = cursor.number() === 1;
      const check = this.#prepared(cursor.number());
      if ((check.get(...cursor.params(first)) !== undefined) !== mustExist) return name;
    }
    return undefined;
  }

  #prepared(nid: number): StatementSync {
    const found = this.#statements.get(nid);
    if (found !== undefined) return found;
    const text = this.#texts.get(nid);
    if (text === undefined) throw new Error(`query ${nid} is unknown to the writer`);
    const made = this.#connection.prepare(sqliteText(text));
    this.#statements.set(nid, made);
    return made;
  }

  #fall(serial: number): void {
    this.#fallen.add(serial);
    if (this.#fallen.size <= FALLEN_MAX) return;
    const [oldest] = this.#fallen;
    if (oldest !== undefined) this.#fallen.delete(oldest);
  }
}
