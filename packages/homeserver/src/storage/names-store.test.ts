import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import fc from 'fast-check';

import { testEngines } from '../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../tests/harness/engines.ts';
import { openDatabaseUnderTest } from './database-under-test.ts';
import type { Database } from './database.ts';
import { InterceptedDatabase, broken } from './intercepted-database-under-test.ts';
import { internedNames } from './names-store.ts';
import { NidBlocks } from './nid-blocks.ts';

/** Text with what the engines do not hold alike: U+0000, lone surrogates, the escape character. */
const anyText = fc.string({
  unit: fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    fc.constantFrom('\u0000', '\u001a', '\ud800', '\udfff', '\ud83d\ude00', '\u001a0000', '�'),
  ),
  maxLength: 12,
});

for (const engine of testEngines()) {
  describe(`names (${engine.name})`, () => {
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

    test('blocks give each number once, to however many ask at once', async () => {
      const several = [7, 7, 100].map((size) => new NidBlocks(database, 'test', size));
      const asked = several.flatMap((blocks) => Array.from({ length: 200 }, () => blocks.next()));
      const nids = await Promise.all(asked);
      assert.equal(new Set(nids).size, 600);
      assert.ok(nids.every((nid) => nid >= 1));
    });

    test('numbers that were promised are there without a wait', async () => {
      const blocks = new NidBlocks(database, 'promised', 10);
      const seen = new Set<number>();
      for (let round = 0; round < 20; round += 1) {
        for (let wait = blocks.ready(8); wait !== undefined; wait = blocks.ready(8)) await wait;
        for (let count = 0; count < 8; count += 1) seen.add(blocks.take());
      }
      assert.equal(seen.size, 160);
      assert.throws(() => {
        for (;;) blocks.take();
      }, /no promised nid/);
    });

    test('a block that cannot be reserved in advance harms nobody until it is needed', async () => {
      const intercepted = new InterceptedDatabase(database);
      const blocks = new NidBlocks(intercepted, 'unlucky', 4);
      const first = await blocks.next();
      intercepted.intercept = broken;
      const early = [await blocks.next(), await blocks.next(), await blocks.next()];
      // The failure is over by the time that the next one asks.
      await intercepted.submit({ statements: [], positions: 0 }).done.catch(() => undefined);
      await assert.rejects(blocks.next(), /null/i);
      intercepted.intercept = (change) => change;
      const nids = [first, ...early, await blocks.next(), await blocks.next()];
      assert.equal(new Set(nids).size, 6);
    });

    test('one text has one nid, whoever interns it and however many at once', async () => {
      const [here, there] = [internedNames(database, 0), internedNames(database, 0)];
      const texts = Array.from({ length: 30 }, (_, index) => `@user${index % 6}:example.org`);
      const nids = await Promise.all(
        texts.flatMap((text) => [here.users.intern(text), there.users.intern(text)]),
      );
      assert.equal(new Set(nids).size, 6);
      for (const [index, text] of texts.entries()) {
        assert.equal(nids[2 * index], await internedNames(database, 0).users.find(text));
      }
      const pairs = texts.flatMap((text) => [
        here.stateKeys.intern('m.room.member', text),
        there.stateKeys.intern('m.room.member', text),
        there.stateKeys.intern('m.other', text),
      ]);
      assert.equal(new Set(await Promise.all(pairs)).size, 12);
    });

    test('a look-up interns nothing, and an unknown nid is a fault', async () => {
      const names = internedNames(database, 0);
      assert.equal(await names.rooms.find('!nowhere:example.org'), undefined);
      assert.equal(await names.stateKeys.find('m.never', ''), undefined);
      assert.equal(await internedNames(database, 0).rooms.find('!nowhere:example.org'), undefined);
      assert.equal(await names.eventTypes.find('m.never'), undefined);
      await assert.rejects(names.rooms.text(2 ** 40), /no room/);
      await assert.rejects(names.stateKeys.pair(2 ** 40), /no \(type, state_key\) pair/);
    });

    test('a text that could not be interned is in no cache', async () => {
      const intercepted = new InterceptedDatabase(database);
      const names = internedNames(intercepted, 0);
      await names.users.intern('@first:example.org');
      intercepted.intercept = broken;
      await assert.rejects(names.users.intern('@late:example.org'), /null/i);
      assert.equal(names.users.cached('@late:example.org'), undefined);
      intercepted.intercept = (change) => change;
      const nid = await names.users.intern('@late:example.org');
      assert.equal(names.users.cached('@late:example.org'), nid);
      assert.equal(names.users.cachedText(nid), '@late:example.org');
    });

    test('many that are interned at once are what they are one by one', async () => {
      const texts = fc.uniqueArray(anyText, { maxLength: 130 });
      await fc.assert(
        fc.asyncProperty(texts, texts, async (earlier, later) => {
          const [first, second, third] = [1, 1, 1].map(() => internedNames(database, 1));
          assert.ok(first !== undefined && second !== undefined && third !== undefined);
          for (const text of earlier.slice(0, 3)) await first.users.intern(text);
          const pairs = (list: readonly string[]) =>
            list.map((stateKey, index) => ({ type: `type ${index % 3}`, stateKey }));
          await first.users.internAll([...earlier, ...earlier]);
          await Promise.all([second.users.internAll(later), third.users.internAll(later)]);
          await first.stateKeys.internAll(pairs(earlier));
          const keys = pairs(later);
          await Promise.all([second.stateKeys.internAll(keys), third.stateKeys.internAll(keys)]);
          for (const text of [...earlier, ...later]) {
            const nid = await first.users.intern(text);
            assert.equal(await second.users.find(text), nid);
            assert.equal(await third.users.text(nid), text);
          }
          for (const { type, stateKey } of [...pairs(earlier), ...keys]) {
            const nid = await first.stateKeys.intern(type, stateKey);
            assert.equal(await second.stateKeys.find(type, stateKey), nid);
            assert.deepEqual(await third.stateKeys.pair(nid), { type, stateKey });
          }
        }),
        { numRuns: 8 },
      );
    });

    test('any text comes back as it was, and different texts stay apart', async () => {
      const names = internedNames(database, 0);
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(anyText, anyText), { maxLength: 4 }), async (pairs) => {
          const fresh = internedNames(database, 0);
          for (const [type, stateKey] of pairs) {
            const nid = await names.stateKeys.intern(type, stateKey);
            assert.equal(await fresh.stateKeys.find(type, stateKey), nid);
            assert.deepEqual(await internedNames(database, 0).stateKeys.pair(nid), {
              type,
              stateKey,
            });
          }
        }),
        { numRuns: 20 },
      );
    });
  });
}
