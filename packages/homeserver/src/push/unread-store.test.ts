import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { testEngines } from '../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../tests/harness/engines.ts';
import { query } from '../storage/sql.ts';
import { RoomsUnderTest } from './rooms-under-test.ts';
import { readSpanCounts } from './unread-store.ts';

const ALICE = '@alice:example.org';

const rowsOf = ['unread_numbers', 'unread_threads', 'unread_corrections', 'read_positions'].map(
  (table) => query<{ count: number }>(`select count(*) as count from ${table} where room_nid = ?`),
);

for (const engine of testEngines()) {
  describe(`unread numbers (${engine.name})`, () => {
    let database: TestDatabase;
    let server: RoomsUnderTest;

    before(async () => {
      database = await engine.createDatabase();
      server = await RoomsUnderTest.open(database.config);
    });
    after(async () => {
      await server.database.close();
      await database.drop();
    });

    async function rowsIn(roomId: string): Promise<number[]> {
      const roomNid = await server.roomNid(roomId);
      const counts: number[] = [];
      for (const rows of rowsOf) {
        counts.push((await server.database.reader.get(rows, roomNid))?.count ?? 0);
      }
      return counts;
    }

    test('a message has one row, however many members there are', async () => {
      const roomId = await server.createRoom(ALICE);
      for (let member = 0; member < 20; member += 1) {
        await server.member(roomId, `@member${member}:example.org`, 'join');
      }
      await server.send(roomId, ALICE, { body: 'first' });
      const first = await rowsIn(roomId);
      await server.send(roomId, ALICE, { body: 'second' });
      const [numbers = 0, ...others] = first;
      assert.deepEqual(await rowsIn(roomId), [numbers + 1, ...others]);
      assert.deepEqual(await rowsIn(roomId), [2, 1, 0, 22]);
    });

    test('corrections go when they are read, with the next one', async () => {
      const roomId = await server.createRoom(ALICE);
      const bob = '@bob:example.org';
      await server.member(roomId, bob, 'join');
      const mention = { body: 'bob', 'm.mentions': { user_ids: [bob] } };
      for (let count = 0; count < 3; count += 1) await server.send(roomId, ALICE, mention);
      assert.equal((await rowsIn(roomId))[2], 3);
      await server.send(roomId, bob, { body: 'yes?' });
      await server.send(roomId, ALICE, mention);
      assert.equal((await rowsIn(roomId))[2], 1);
      assert.deepEqual((await server.unreadIn(bob, roomId))?.main, { notify: 1, highlight: 1 });
    });

    test('any number of spans is counted in one go, in their order', async () => {
      const roomId = await server.createRoom(ALICE);
      const roomNid = await server.roomNid(roomId);
      for (let count = 0; count < 3; count += 1) await server.send(roomId, ALICE, { body: 'x' });
      const upTo = server.database.position;
      const line = { roomNid, ruleSetNid: 0, threadNid: 0 };
      const spans = Array.from({ length: 150 }, (_, index) => ({
        ...line,
        above: upTo - (index % 5),
        upTo,
      }));
      const counts = await readSpanCounts(server.database.reader, spans);
      assert.deepEqual(
        counts,
        spans.map(({ above }) => ({ notify: Math.min(3, upTo - above), highlight: 0 })),
      );
      assert.deepEqual(await readSpanCounts(server.database.reader, []), []);
    });
  });
}
