import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { testEngines } from '../../../../tests/harness/engines.ts';
import { openDatabaseUnderTest } from './database-under-test.ts';
import { write } from './database.ts';
import { DatabaseUnusable, migrate } from './migrate.ts';
import { migrations } from './migrations/migrations.ts';
import { query, statement } from './sql.ts';

const applied = query<{ number: number }>('select number from migrations order by number');
const insertMigration = query('insert into migrations (number, name) values (?, ?)');

for (const engine of testEngines()) {
  describe(`migrations (${engine.name})`, () => {
    test('they run once, and the database keeps its identity and position', async () => {
      const made = await engine.createDatabase();
      const first = await openDatabaseUnderTest(made.config);
      await write(first, { statements: [], positions: 3 });
      const numbers = migrations.map(({ number }) => ({ number }));
      assert.deepEqual(
        (await first.reader.all(applied)).map((row) => ({ ...row })),
        numbers,
      );
      await first.close();
      const second = await openDatabaseUnderTest(made.config);
      assert.deepEqual(
        (await second.reader.all(applied)).map((row) => ({ ...row })),
        numbers,
      );
      assert.equal(second.incarnation, first.incarnation);
      assert.deepEqual(second.snapshotKey, first.snapshotKey);
      assert.equal(second.snapshotKey.length, 16);
      assert.equal(second.position, 3);
      await second.close();
      await made.drop();
    });

    test('two databases have different identities', async () => {
      const made = [await engine.createDatabase(), await engine.createDatabase()];
      const [one, other] = await Promise.all(
        made.map(({ config }) => openDatabaseUnderTest(config)),
      );
      assert.ok(one !== undefined && other !== undefined);
      assert.notEqual(one.incarnation, other.incarnation);
      assert.notDeepEqual(one.snapshotKey, other.snapshotKey);
      for (const each of [one, other]) await each.close();
      for (const each of made) await each.drop();
    });

    test('the database of another server name is refused, and stays as it is', async () => {
      const made = await engine.createDatabase();
      await (await openDatabaseUnderTest(made.config, 'one.example')).close();
      await assert.rejects(openDatabaseUnderTest(made.config, 'other.example'), (error) => {
        assert.ok(error instanceof DatabaseUnusable);
        assert.match(error.message, /belongs to the server 'one\.example'.*'other\.example'/);
        return true;
      });
      await (await openDatabaseUnderTest(made.config, 'one.example')).close();
      await made.drop();
    });

    test('a schema from a newer release is refused', async () => {
      const made = await engine.createDatabase();
      const database = await openDatabaseUnderTest(made.config);
      await write(database, {
        statements: [statement(insertMigration, 9_999, 'of-the-future')],
        positions: 0,
      });
      await database.close();
      await assert.rejects(openDatabaseUnderTest(made.config), (error) => {
        assert.ok(error instanceof DatabaseUnusable);
        assert.match(error.message, /newer Soma \(its schema is 9999/);
        return true;
      });
      await made.drop();
    });
  });
}

test('a database in memory, of which each connection would have its own, is refused', async () => {
  const section = { name: 'sqlite3', args: { database: ':memory:' } };
  await assert.rejects(openDatabaseUnderTest(section), (error) => {
    assert.ok(error instanceof DatabaseUnusable);
    assert.match(error.message, /a database in memory/);
    return true;
  });
});

test('the numbers of the migrations rise, and their names differ', () => {
  const numbers = migrations.map(({ number }) => number);
  const rising = [...new Set(numbers)].toSorted((one, other) => one - other);
  assert.deepEqual(numbers, rising);
  assert.equal(new Set(migrations.map(({ name }) => name)).size, migrations.length);
});

test('a migration runs that came after one with a higher number', async () => {
  const ran: string[] = [];
  const late = migrations.at(-2);
  const lacking = {
    exec: async (text: string) => void ran.push(text),
    all: async (text: string) => {
      if (text.startsWith('select number'))
        return migrations.filter((each) => each !== late).map((each) => ({ ...each }));
      return [{ name: 'server_name', value: 'example.org', position: 0 }];
    },
  };
  await migrate(lacking, 'example.org');
  assert.deepEqual(ran.slice(1), ['begin', late?.text, 'commit']);
});

test('a migration that breaks off is begun again, in whole, at the next start', async () => {
  const ran: string[] = [];
  const failing = {
    exec: async (text: string) => {
      if (text === migrations[1]?.text) throw new Error('the disk is full');
      ran.push(text);
    },
    all: async () => [],
  };
  await assert.rejects(migrate(failing, 'example.org'), /the disk is full/);
  assert.deepEqual(ran.slice(-2), ['commit', 'begin']);
});

test('a migration that a database lacks is applied, whatever has come after it', async () => {
  const ran: string[] = [];
  const [lacking, ...others] = migrations;
  const connection = {
    exec: async (text: string) => void ran.push(text),
    all: async (text: string) => {
      if (text.includes('from migrations')) return others.map(({ number }) => ({ number }));
      return text.includes('from meta') ? [{ name: 'server_name', value: 'example.org' }] : [];
    },
  };
  await migrate(connection, 'example.org');
  assert.deepEqual(
    migrations.filter(({ text }) => ran.includes(text)),
    [lacking],
  );
});
