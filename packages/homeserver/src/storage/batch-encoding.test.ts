import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';

import fc from 'fast-check';

import {
  ChangeCursor,
  KnownToThread,
  decodeResults,
  encodeBatch,
  encodeResults,
} from './batch-encoding.ts';
import type { EncodedBatch } from './batch-encoding.ts';
import type { Change, Guard } from './change.ts';
import { PositionRef, SignedText, positionAt, query } from './sql.ts';
import type { SqlParam, SqlValue, Statement } from './sql.ts';
import type { BatchResult, QueuedChange } from './write-queue.ts';

const queries = ['select 1', 'select ?', 'select ?, ?'].map((text) => query(text));

const keys = [1, 2].map(() => generateKeyPairSync('ed25519').privateKey);

const param: fc.Arbitrary<SqlParam> = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.maxSafeInteger(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 4 }),
  fc.nat(20).map(positionAt),
  fc
    .tuple(fc.constantFrom(...keys), fc.string(), fc.string(), fc.string())
    .map((parts) => new SignedText(...parts)),
);

const statementArbitrary: fc.Arbitrary<Statement> = fc.record({
  query: fc.constantFrom(...queries),
  params: fc.array(param, { maxLength: 4 }),
});

const guardArbitrary: fc.Arbitrary<Guard> = fc.record({
  check: statementArbitrary,
  expect: fc.constantFrom('exists', 'absent'),
  name: fc.string(),
});

const changeArbitrary: fc.Arbitrary<Change> = fc.record({
  statements: fc.array(statementArbitrary, { maxLength: 4 }),
  returning: fc.subarray([0, 1, 2, 3]),
  guards: fc.array(guardArbitrary, { maxLength: 2 }),
  positions: fc.nat(5),
  touches: fc.array(
    fc.record({ kind: fc.constantFrom(1, 2, 3), subject: fc.nat() }, { noNullPrototype: true }),
    { maxLength: 3 },
  ),
});

function queued(serial: number, change: Change): QueuedChange {
  return { serial, change, settle: () => {}, fail: () => {} };
}

/** What the other side reads, with the first position where the writer is at `position`. */
function decode(cursor: ChangeCursor, position: number): unknown {
  const list = <T>(read: () => T): T[] => Array.from({ length: cursor.number() }, read);
  const readStatement = (): unknown => ({ nid: cursor.number(), params: cursor.params(position) });
  return {
    serial: cursor.number(),
    buildsOn: cursor.number(),
    positions: cursor.number(),
    touches: list(() => ({ kind: cursor.number(), subject: cursor.number() })),
    guards: list(() => ({ name: cursor.text(), exists: cursor.number(), check: readStatement() })),
    statements: list(() => ({ wanted: cursor.number(), of: readStatement() })),
  };
}

function expected({ serial, change }: QueuedChange, position: number): unknown {
  const resolve = (each: SqlParam): SqlValue => {
    if (each instanceof PositionRef) return position + each.offset;
    return each instanceof SignedText ? each.text : each;
  };
  const of = ({ query: { nid }, params }: Statement): unknown => ({
    nid,
    params: params.map(resolve),
  });
  return {
    serial,
    buildsOn: change.buildsOn ?? 0,
    positions: change.positions,
    touches: change.touches,
    guards: change.guards?.map(({ name, expect, check }) => ({
      name,
      exists: expect === 'exists' ? 1 : 0,
      check: of(check),
    })),
    statements: change.statements.map((each, index) => ({
      wanted: change.returning?.includes(index) === true ? 1 : 0,
      of: of(each),
    })),
  };
}

test('a batch is read back as it was encoded, position references resolved, texts signed', () => {
  const position = 1000;
  fc.assert(
    fc.property(fc.array(changeArbitrary, { maxLength: 4 }), fc.boolean(), (changes, chained) => {
      const batch: QueuedChange[] = [];
      for (const [index, change] of changes.entries()) {
        const buildsOn = chained ? batch.at(-1)?.serial : undefined;
        batch.push(queued(index + 1, { ...change, buildsOn }));
      }
      // Through the form in which messages cross to a thread.
      const known = new KnownToThread();
      const encoded: EncodedBatch = JSON.parse(JSON.stringify(encodeBatch(batch, known)));
      const decoded = encoded.changes.map((values) =>
        decode(new ChangeCursor(values, known.keys), position),
      );
      assert.deepEqual(
        decoded,
        batch.map((each) => expected(each, position)),
      );
    }),
  );
});

test('results are read back as they were encoded', () => {
  const error = new Error('disk full');
  const results: BatchResult[] = [
    { outcome: 'applied', position: 7, rows: [] },
    { outcome: 'refused', guard: 'name' },
    { outcome: 'applied', position: 0, rows: [[{ nid: 3 }], []] },
    { outcome: 'failed', error },
    { outcome: 'applied', position: 8, rows: [] },
  ];
  const crossed = structuredClone(encodeResults(results, 8, 250));
  assert.deepEqual(decodeResults(crossed), { results, position: 8, commitUs: 250 });
});

test('each query text crosses once', () => {
  const [first, second] = queries;
  assert.ok(first !== undefined && second !== undefined);
  const known = new KnownToThread();
  const change = (...of: (typeof first)[]): QueuedChange =>
    queued(1, { statements: of.map((each) => ({ query: each, params: [] })), positions: 0 });
  assert.deepEqual(encodeBatch([change(first, first)], known).texts, [first.nid, 'select 1']);
  assert.deepEqual(encodeBatch([change(first, second)], known).texts, [second.nid, 'select ?']);
  assert.deepEqual(encodeBatch([change(second)], known).texts, []);
});

test('a change that ends early or holds the wrong type is refused', () => {
  assert.throws(() => new ChangeCursor([], []).number(), /a number was expected/);
  assert.throws(() => new ChangeCursor([1], []).text(), /a text was expected/);
  assert.throws(() => new ChangeCursor([2, 'one'], []).params(0), /it ends early/);
  assert.throws(
    () => new ChangeCursor([1, [0, 'before', 'signed', 'after']], []).params(0),
    /key 0 is unknown/,
  );
});
