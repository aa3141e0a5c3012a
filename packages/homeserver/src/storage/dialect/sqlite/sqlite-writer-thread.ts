/** The writer: a thread with the only writing connection. Takes batches, commits each, answers. */
import type { StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

import { PREDECESSOR } from '../../change.ts';
import type { Outcome } from '../../change.ts';
import { ChangeCursor } from '../../batch-encoding.ts';
import type { EncodedBatch, EncodedResults, EncodedValue } from '../../batch-encoding.ts';
import type { BatchResult } from '../../write-queue.ts';
import { openWritingConnection } from './open-sqlite.ts';
import { sqliteText } from './sqlite-text.ts';

const connection = openWritingConnection(String(workerData));
const texts = new Map<number, string>();
const statements = new Map<number, StatementSync>();
const begin = connection.prepare('begin immediate');
const commit = connection.prepare('commit');
const rollback = connection.prepare('rollback');
const readClock = connection.prepare('select position from clock');
const setClock = connection.prepare('update clock set position = ?');
const insertTouch = connection.prepare(
  'insert into changes (position, kind, subject) values (?, ?, ?) on conflict do nothing',
);

/** Changes that fell, so that those that build on them fall too. Bounded: a head is reloaded at once. */
const fallen = new Set<number>();
const FALLEN_MAX = 10_000;

let position = Number(readClock.get()?.['position'] ?? 0);

function prepared(nid: number): StatementSync {
  const found = statements.get(nid);
  if (found !== undefined) return found;
  const text = texts.get(nid);
  if (text === undefined) throw new Error(`query ${nid} is unknown to the writer`);
  const made = connection.prepare(sqliteText(text));
  statements.set(nid, made);
  return made;
}

function fall(serial: number): void {
  fallen.add(serial);
  if (fallen.size > FALLEN_MAX) {
    const [oldest] = fallen;
    if (oldest !== undefined) fallen.delete(oldest);
  }
}

/** Applies one change inside the running transaction, and moves `position`. */
function applyChange(values: readonly EncodedValue[]): Outcome {
  const cursor = new ChangeCursor(values);
  const serial = cursor.number();
  const buildsOn = cursor.number();
  const positions = cursor.number();
  const first = positions > 0 ? position + 1 : 0;
  let refusedBy = fallen.has(buildsOn) ? PREDECESSOR : undefined;

  const touches: [number, number][] = [];
  for (let left = cursor.number(); left > 0; left -= 1) {
    touches.push([cursor.number(), cursor.number()]);
  }
  for (let left = cursor.number(); left > 0 && refusedBy === undefined; left -= 1) {
    const name = cursor.text();
    const mustExist = cursor.number() === 1;
    const check = prepared(cursor.number());
    if ((check.get(...cursor.params(first)) !== undefined) !== mustExist) refusedBy = name;
  }
  if (refusedBy !== undefined) {
    fall(serial);
    return { outcome: 'refused', guard: refusedBy };
  }
  const rows: Record<string, unknown>[][] = [];
  for (let left = cursor.number(); left > 0; left -= 1) {
    const wanted = cursor.number() === 1;
    const statement = prepared(cursor.number());
    const params = cursor.params(first);
    if (wanted) rows.push(statement.all(...params));
    else statement.run(...params);
  }
  for (const [kind, subject] of touches) insertTouch.run(first, kind, subject);
  position += positions;
  return { outcome: 'applied', position: first, rows };
}

function commitBatch(changes: readonly EncodedValue[][]): BatchResult[] {
  const before = position;
  begin.run();
  try {
    const results = changes.map(applyChange);
    if (position !== before) setClock.run(position);
    commit.run();
    return results;
  } catch (error) {
    position = before;
    if (connection.isTransaction) rollback.run();
    throw error;
  }
}

/** After an unexpected error: each change in a commit of its own, so that one bad change harms no other. */
function commitOneByOne(changes: readonly EncodedValue[][]): BatchResult[] {
  return changes.flatMap((change): BatchResult[] => {
    try {
      return commitBatch([change]);
    } catch (error) {
      fall(new ChangeCursor(change).number());
      return [
        { outcome: 'failed', error: error instanceof Error ? error : new Error(String(error)) },
      ];
    }
  });
}

function applyBatch(batch: EncodedBatch): EncodedResults {
  for (let index = 0; index < batch.texts.length; index += 2) {
    texts.set(Number(batch.texts[index]), String(batch.texts[index + 1]));
  }
  try {
    return { results: commitBatch(batch.changes), position };
  } catch {
    return { results: commitOneByOne(batch.changes), position };
  }
}

parentPort?.on('message', (message: EncodedBatch | 'close') => {
  if (message === 'close') {
    connection.close();
    parentPort?.close();
    return;
  }
  parentPort?.postMessage(applyBatch(message));
});
