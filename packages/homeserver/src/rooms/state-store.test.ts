import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import fc from 'fast-check';

import { testEngines } from '../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../tests/harness/engines.ts';
import { openDatabaseUnderTest } from '../storage/database-under-test.ts';
import { write } from '../storage/database.ts';
import type { Database } from '../storage/database.ts';
import { hashPair } from './state-hash.ts';
import {
  EMPTY_SNAPSHOT,
  insertSnapshotStatements,
  nextSnapshot,
  readSnapshot,
  readSnapshotKey,
  readSnapshotPath,
} from './state-store.ts';
import type { Snapshot } from './state-store.ts';

const KEYS = 9;
const HASH_BITS = 2 ** 48;

interface Expected {
  readonly snapshot: Snapshot;
  readonly state: ReadonlyMap<number, number>;
}

let nextNid = 1;

for (const engine of testEngines()) {
  describe(`snapshots (${engine.name})`, () => {
    let made: TestDatabase;
    let database: Database;
    before(async () => {
      made = await engine.createDatabase();
      database = await openDatabaseUnderTest(made.config);
    });
    after(async () => {
      await database.close();
      await made.drop();
    });

    /** Stores the states that come from setting one key after the other. */
    async function storeAll(keys: readonly number[]): Promise<Expected[]> {
      const stored: Expected[] = [];
      let last: Expected = { snapshot: EMPTY_SNAPSHOT, state: new Map() };
      for (const key of keys) {
        const [nid, eventNid] = [nextNid, nextNid + 1];
        nextNid += 2;
        const next = nextSnapshot(last.snapshot, nid, hashAfter(last, key, eventNid));
        await write(database, {
          statements: insertSnapshotStatements(1, next, [[key, eventNid]]),
          positions: 0,
        });
        last = { snapshot: next.snapshot, state: new Map(last.state).set(key, eventNid) };
        stored.push(last);
      }
      return stored;
    }

    function hashAfter({ snapshot, state }: Expected, key: number, eventNid: number): number {
      const replaced = state.get(key);
      const removed = replaced === undefined ? 0 : hashPair(database.snapshotKey, key, replaced);
      const added = hashPair(database.snapshotKey, key, eventNid);
      return (snapshot.hash + added - removed + HASH_BITS) % HASH_BITS;
    }

    function hashOf(state: ReadonlyMap<number, number>): number {
      let sum = 0;
      for (const [key, eventNid] of state) {
        sum = (sum + hashPair(database.snapshotKey, key, eventNid)) % HASH_BITS;
      }
      return sum;
    }

    test('each is read as the state that was stored, with its path and its hash', async () => {
      const keys = fc.array(fc.integer({ min: 1, max: KEYS }), { minLength: 1, maxLength: 40 });
      await fc.assert(
        fc.asyncProperty(keys, async (changed) => {
          const stored = await storeAll(changed);
          for (const { snapshot, state } of stored) {
            assert.deepEqual(await readSnapshot(database.reader, snapshot.nid), new Map(state));
            assert.deepEqual(await readSnapshotPath(database.reader, snapshot.nid), snapshot);
            assert.equal(snapshot.hash, hashOf(state));
            for (let key = 1; key <= KEYS; key += 1) {
              const found = await readSnapshotKey(database.reader, snapshot.nid, key);
              assert.equal(found, state.get(key));
            }
          }
        }),
        { numRuns: 5 },
      );
    });

    test('a path is as short as the binary digits of its length', async () => {
      const stored = await storeAll(Array.from({ length: 70 }, (_, index) => 1 + (index % KEYS)));
      for (const [index, { snapshot }] of stored.entries()) {
        const ones = (index + 1).toString(2).replaceAll('0', '').length;
        assert.equal(snapshot.path.length, ones);
      }
    });
  });

  test(`the empty state is read without a row, a missing one is a fault (${engine.name})`, async () => {
    const made = await engine.createDatabase();
    const database = await openDatabaseUnderTest(made.config);
    assert.deepEqual(await readSnapshotPath(database.reader, 0), EMPTY_SNAPSHOT);
    assert.deepEqual(await readSnapshot(database.reader, 0), new Map());
    await assert.rejects(readSnapshotPath(database.reader, 12_345), /snapshot 12345 is missing/);
    await database.close();
    await made.drop();
  });
}
