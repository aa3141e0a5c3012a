import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import pg from 'pg';

import { testEngines } from '../../../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../../../tests/harness/engines.ts';
import { PREDECESSOR } from '../../change.ts';
import type { Change, Submitted } from '../../change.ts';
import { openDatabaseUnderTest } from '../../database-under-test.ts';
import { write } from '../../database.ts';
import type { Database } from '../../database.ts';
import { DatabaseUnusable } from '../../migrate.ts';
import { query, statement } from '../../sql.ts';
import { LeaseLost } from './postgres-writer.ts';

const put = query(`insert into leases (kind, shard, owner, epoch) values (?, 0, 'test', 1)`);
const find = query('select epoch from leases where kind = ?');

let names = 0;

function putting(buildsOn?: Submitted): Change {
  names += 1;
  return { statements: [statement(put, `row ${names}`)], positions: 1, buildsOn: buildsOn?.serial };
}

async function failureOf(submitted: Submitted): Promise<unknown> {
  return submitted.done.then(
    (outcome) => assert.fail(`it was ${outcome.outcome}`),
    (error: unknown) => error,
  );
}

for (const engine of testEngines().filter(({ name }) => name === 'postgres')) {
  describe(`a PostgreSQL database that others touch (${engine.name})`, () => {
    let made: TestDatabase;
    let database: Database;
    let operator: pg.Client;
    let name: string;

    before(async () => {
      made = await engine.createDatabase();
      const { dbname, ...server } = made.config.args;
      name = String(dbname);
      operator = new pg.Client({ ...server, database: 'postgres' });
      await operator.connect();
    });
    beforeEach(async () => {
      database = await openDatabaseUnderTest(made.config);
    });
    after(async () => {
      await operator.end();
      await made.drop();
    });

    /** Cuts every connection to the database, and waits until they are gone. */
    async function cutConnections(): Promise<void> {
      const cut = 'select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = $1';
      await operator.query(cut, [name]);
    }

    async function allowConnections(allowed: boolean): Promise<void> {
      await operator.query(`alter database ${name} allow_connections ${allowed}`);
    }

    test('a second process on it is refused while the first one runs', async () => {
      await assert.rejects(openDatabaseUnderTest(made.config), (error) => {
        assert.ok(error instanceof DatabaseUnusable);
        assert.match(error.message, /another Soma is running on this database/);
        return true;
      });
      await write(database, putting());
      await database.close();
    });

    test('it learns of a commit whose answer was lost', async () => {
      const told: number[] = [];
      database.onCommit((committed) => {
        for (const { change } of committed) {
          for (const { subject } of change.touches ?? []) told.push(subject);
        }
      });
      await write(database, putting());
      const { dbname, ...server } = made.config.args;
      const other = new pg.Client({ ...server, database: String(dbname) });
      await other.connect();
      // What such a commit leaves behind: a moved clock and its rows of the log.
      await other.query('update clock set position = position + 1');
      await other.query('insert into changes select position, 1, 4711 from clock');
      const clock = await other.query<{ position: string }>('select position from clock');
      await other.end();
      await cutConnections();
      await database.submit(putting()).done.catch(() => undefined);
      await database.reached(Number(clock.rows[0]?.position));
      assert.equal(told.filter((subject) => subject === 4711).length, 1);
      await database.close();
    });

    test('it writes and reads again after its connections were cut', async () => {
      await write(database, putting());
      await cutConnections();
      // Whether these find the old connection dead or a new one is a matter of time.
      const lost = database.submit(putting());
      await lost.done.catch(() => undefined);
      await database.submit(putting(lost)).done.catch(() => undefined);
      await write(database, putting());
      assert.deepEqual(await database.reader.get(find, `row ${names}`), { epoch: 1 });
      const seen = await database.read((reader) => reader.get(find, `row ${names}`));
      assert.deepEqual(seen, { epoch: 1 });
      await database.close();
    });

    test('what builds on a change that found no connection falls with it', async () => {
      await allowConnections(false);
      await cutConnections();
      await failureOf(database.submit(putting()));
      const lost = database.submit(putting());
      assert.match(String(await failureOf(lost)), /not currently accepting connections/);
      await allowConnections(true);
      const building = database.submit(putting(lost));
      assert.deepEqual(await building.done, { outcome: 'refused', guard: PREDECESSOR });
      await write(database, putting());
      await database.close();
    });

    test('the one that another process has taken over from writes no more', async () => {
      await write(database, putting());
      await cutConnections();
      const successor = await openDatabaseUnderTest(made.config);
      await failureOf(database.submit(putting()));
      const late = await failureOf(database.submit(putting()));
      assert.ok(late instanceof LeaseLost, String(late));
      await write(successor, putting());
      await successor.close();
      await database.close();
    });
  });
}
