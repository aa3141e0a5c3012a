import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { testEngines } from '../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../tests/harness/engines.ts';
import { openDatabaseUnderTest } from '../storage/database-under-test.ts';
import { write } from '../storage/database.ts';
import type { Database } from '../storage/database.ts';
import {
  deleteDocumentStatements,
  insertDocumentStatements,
  readCandidates,
} from './search-store.ts';
import type { SearchKey, SearchQuestion } from './search-store.ts';

/** More than are looked at before the index is asked for the rooms. */
const elsewhere = 5_010;

for (const engine of testEngines()) {
  describe(`index of words (${engine.name})`, () => {
    let made: TestDatabase;
    let database: Database;
    before(async () => {
      made = await engine.createDatabase();
      database = await openDatabaseUnderTest(made.config);
      await put(1, 7, 'content.body', ['common', 'rare', 'of', 'four']);
      await put(2, 7, 'content.topic', ['common']);
      const documents = Array.from({ length: elsewhere }, (_, index) => index + 10);
      const statements = documents.flatMap((nid) => insert(nid, 8, 'content.body', ['common']));
      await write(database, { positions: 0, statements });
    });
    after(async () => {
      await database.close();
      await made.drop();
    });

    const insert = (eventNid: number, roomNid: number, key: SearchKey, words: readonly string[]) =>
      insertDocumentStatements(engine.name, { eventNid, roomNid, senderNid: 3, key, words });
    const put = (...document: Parameters<typeof insert>) =>
      write(database, { positions: 0, statements: insert(...document) });
    const found = async (asked: Partial<SearchQuestion>): Promise<number[]> => {
      const question = { words: ['common'], keys: ['content.body', 'content.topic'] as const };
      const rest = { roomNids: [7], below: Number.MAX_SAFE_INTEGER, limit: 10 };
      const all = await readCandidates(database.reader, engine.name, {
        ...question,
        ...rest,
        ...asked,
      });
      return all.map(({ eventNid }) => eventNid);
    };

    test('a word that is common elsewhere is found in a room with few messages', async () => {
      assert.deepEqual(await found({}), [2, 1]);
      assert.deepEqual(await found({ keys: ['content.topic'] }), [2]);
      assert.deepEqual(await found({ below: 2 }), [1]);
      const manyRooms = Array.from({ length: 300 }, (_, index) => index + 100);
      assert.deepEqual(await found({ roomNids: [7, ...manyRooms] }), [2, 1]);
    });

    test('all words have to be there', async () => {
      assert.deepEqual(await found({ words: ['common', 'rare'] }), [1]);
      assert.deepEqual(await found({ words: ['common', 'absent'] }), []);
      assert.deepEqual(await found({ words: ['rare'], roomNids: [8] }), []);
    });

    test('the newest come first, as many as asked for', async () => {
      const newest = elsewhere + 9;
      assert.deepEqual(await found({ roomNids: [7, 8], limit: 2 }), [newest, newest - 1]);
    });

    test('the rank grows with the part of the text that was asked for', async () => {
      const question = { words: ['common'], keys: ['content.body', 'content.topic'] as const };
      const rest = { roomNids: [7], below: 10, limit: 10 };
      const all = await readCandidates(database.reader, engine.name, { ...question, ...rest });
      assert.deepEqual(
        all.map(({ rank }) => rank),
        [1, 0.25],
      );
    });

    test('what was deleted is not found', async () => {
      await put(3, 9, 'content.name', ['passing']);
      const asked = { words: ['passing'], keys: ['content.name'] as const, roomNids: [9] };
      assert.deepEqual(await found(asked), [3]);
      await write(database, { positions: 0, statements: deleteDocumentStatements(engine.name, 3) });
      assert.deepEqual(await found(asked), []);
    });
  });
}
