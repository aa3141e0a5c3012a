import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { testEngines } from '../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../tests/harness/engines.ts';
import { ChangeKind, PREDECESSOR } from './change.ts';
import type { Change, Guard, Submitted } from './change.ts';
import { openDatabaseUnderTest } from './database-under-test.ts';
import { ChangeRefused, readAt, write } from './database.ts';
import type { Database } from './database.ts';
import { POSITION, integerList, positionAt, query, statement } from './sql.ts';
import type { SqlParam } from './sql.ts';

// `leases` has a text key and an integer beside it, which is all that these tests need of a table.
const put = query(
  `insert into leases (kind, shard, owner, epoch) values (?, 0, 'test', ?) returning epoch`,
);
const putBoth = query('update leases set epoch = epoch + 1 where kind in (?, ?)');
const find = query<{ epoch: number }>('select epoch from leases where kind = ? and shard = 0');
const findBoth = query<{ epoch: number }>('select epoch from leases where kind in (?, ?)');
const listed = query<{ epoch: number }>(
  `select epoch from leases where owner = 'test' and epoch {in} order by epoch`,
);
const changesAt = query<{ kind: number; subject: number }>(
  'select kind, subject from changes where position = ? order by kind, subject',
);

let names = 0;
function newName(): string {
  names += 1;
  return `row ${names}`;
}

function putting(name: string, value: SqlParam, more: Partial<Change> = {}): Change {
  return { statements: [statement(put, name, value)], positions: 1, ...more };
}

function guard(name: string, expect: Guard['expect']): Guard {
  return { check: statement(find, name), expect, name: `${expect} ${name}` };
}

async function valueOf(database: Database, name: string): Promise<number | undefined> {
  return (await database.reader.get(find, name))?.epoch;
}

async function failure(submitted: Submitted): Promise<unknown> {
  return submitted.done.then(
    () => undefined,
    (error: unknown) => error,
  );
}

for (const engine of testEngines()) {
  describe(`database (${engine.name})`, () => {
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

    test('positions follow the order of submission, and an answer comes after its commit', async () => {
      const start = database.position;
      const [a, b, c] = [newName(), newName(), newName()];
      const changes = [
        database.submit(putting(a, POSITION, { positions: 2 })),
        database.submit(putting(b, 7, { positions: 0 })),
        database.submit(putting(c, positionAt(2), { positions: 3 })),
      ];
      const outcomes = await Promise.all(changes.map(({ done }) => done));
      const positions = outcomes.map((one) => (one.outcome === 'applied' ? one.position : one));
      assert.deepEqual(positions, [start + 1, 0, start + 3]);
      assert.equal(await valueOf(database, a), start + 1);
      assert.equal(await valueOf(database, b), 7);
      assert.equal(await valueOf(database, c), start + 5);
      assert.equal(database.position, start + 5);
    });

    test('what is ready at the same time shares commits, which listeners see in order', async () => {
      const seen: number[][] = [];
      const told = new Set<number>();
      let listening = true;
      database.onCommit((committed, position) => {
        if (!listening) return;
        const positions = committed.map((one) => one.position);
        for (const one of positions) told.add(one);
        seen.push(positions);
        assert.ok(positions.every((one) => one <= position));
      });
      const submitted = Array.from({ length: 300 }, () =>
        database.submit(putting(newName(), POSITION)),
      );
      await Promise.all(
        submitted.map(async ({ done }) => {
          const outcome = await done;
          assert.ok(outcome.outcome === 'applied' && told.has(outcome.position));
        }),
      );
      listening = false;
      const flat = seen.flat();
      assert.equal(flat.length, 300);
      assert.deepEqual(
        flat,
        flat.toSorted((a, b) => a - b),
      );
      assert.ok(seen.length < 10, `${seen.length} commits`);
    });

    test('a guard that fails refuses the change wholly, under its name', async () => {
      const present = newName();
      await write(database, putting(present, 1));
      const start = database.position;
      for (const [expect, name] of [
        ['exists', newName()],
        ['absent', present],
      ] as const) {
        const other = newName();
        const touches = [{ kind: ChangeKind.room, subject: 1 }];
        const guards = [guard(name, expect)];
        const change = putting(other, 2, { guards, touches });
        assert.deepEqual(await database.submit(change).done, {
          outcome: 'refused',
          guard: `${expect} ${name}`,
        });
        await assert.rejects(write(database, change), ChangeRefused);
        assert.equal(await valueOf(database, other), undefined);
      }
      assert.deepEqual(await database.reader.all(changesAt, start + 1), []);
    });

    test('a guard that holds lets the change pass, and sees the changes before it', async () => {
      const [first, second] = [newName(), newName()];
      const submitted = [
        database.submit(putting(first, 1, { guards: [guard(first, 'absent')] })),
        database.submit(putting(second, 1, { guards: [guard(first, 'exists')] })),
        database.submit(putting(first, 1, { guards: [guard(first, 'absent')] })),
      ];
      const outcomes = await Promise.all(submitted.map(({ done }) => done));
      assert.deepEqual(
        outcomes.map(({ outcome }) => outcome),
        ['applied', 'applied', 'refused'],
      );
    });

    test('what builds on a refused change falls with it, and so on', async () => {
      const refused = database.submit(
        putting(newName(), 1, { guards: [guard(newName(), 'exists')] }),
      );
      const next = database.submit(putting(newName(), 1, { buildsOn: refused.serial }));
      const afterNext = database.submit(putting(newName(), 1, { buildsOn: next.serial }));
      const expected = { outcome: 'refused', guard: PREDECESSOR };
      assert.deepEqual(await next.done, expected);
      assert.deepEqual(await afterNext.done, expected);
      // A later commit knows it still.
      const late = database.submit(putting(newName(), 1, { buildsOn: afterNext.serial }));
      assert.deepEqual(await late.done, expected);
    });

    test('what builds on an applied change is applied', async () => {
      const first = database.submit(putting(newName(), 1));
      const second = database.submit(putting(newName(), 1, { buildsOn: first.serial }));
      assert.equal((await second.done).outcome, 'applied');
    });

    test('a broken change fails alone: those beside it are applied, those on it fall', async () => {
      const [name, earlier, later, on] = [newName(), newName(), newName(), newName()];
      await write(database, putting(name, 1));
      const start = database.position;
      const first = database.submit(putting(earlier, POSITION));
      const broken = database.submit({
        statements: [statement(put, newName(), 99_999), statement(put, name, 2)],
        positions: 1,
      });
      const building = database.submit(putting(on, 3, { buildsOn: broken.serial }));
      const last = database.submit(putting(later, POSITION));
      assert.ok((await failure(broken)) instanceof Error);
      assert.deepEqual(await building.done, { outcome: 'refused', guard: PREDECESSOR });
      assert.equal((await first.done).outcome, 'applied');
      assert.equal((await last.done).outcome, 'applied');
      assert.equal(await valueOf(database, name), 1);
      assert.equal(await valueOf(database, on), undefined);
      assert.equal(await valueOf(database, earlier), start + 1);
      const afterPosition = await valueOf(database, later);
      assert.ok(afterPosition !== undefined && afterPosition > start + 1);
      assert.deepEqual(await database.reader.all(listed, integerList([99_999])), []);
    });

    test('the rows of the statements that are named come back, in their order', async () => {
      const [a, b] = [newName(), newName()];
      const applied = await write(database, {
        statements: [
          statement(put, a, 10),
          statement(put, b, 20),
          statement(findBoth, a, b),
          statement(find, newName()),
        ],
        returning: [0, 2, 3],
        positions: 0,
      });
      const rows = applied.rows.map((each) =>
        each.map((row) => Number(row['epoch'])).toSorted((one, other) => one - other),
      );
      assert.deepEqual(rows, [[10], [10, 20], []]);
    });

    test('touches stand at the first position, each once', async () => {
      const applied = await write(
        database,
        putting(newName(), 1, {
          positions: 3,
          touches: [
            { kind: ChangeKind.room, subject: 5 },
            { kind: ChangeKind.membership, subject: 4 },
            { kind: ChangeKind.room, subject: 5 },
          ],
        }),
      );
      const rows = await database.reader.all(changesAt, applied.position);
      assert.deepEqual(
        rows.map(({ kind, subject }) => [kind, subject]),
        [
          [ChangeKind.room, 5],
          [ChangeKind.membership, 4],
        ],
      );
    });

    test('reached waits for a position that is not there yet', async () => {
      assert.equal(database.reached(database.position), undefined);
      const wanted = database.position + 2;
      let isThere = false;
      const waiting = database.reached(wanted)?.then(() => (isThere = true));
      await write(database, putting(newName(), 1));
      assert.equal(isThere, false);
      await write(database, putting(newName(), 1));
      await waiting;
      assert.equal(database.reached(wanted), undefined);
    });

    test('readAt sees one state, all of which this process knows', async () => {
      const [a, b] = [newName(), newName()];
      await write(database, putting(a, 0));
      await write(database, putting(b, 0));
      const writes = Array.from({ length: 40 }, () =>
        write(database, { statements: [statement(putBoth, a, b)], positions: 1 }),
      );
      const start = database.position;
      for (let round = 0; round < 20; round += 1) {
        await readAt(database, async (reader, position) => {
          assert.ok(position <= database.position);
          const first = await reader.get(find, a);
          await new Promise(setImmediate);
          const second = await reader.get(find, b);
          assert.deepEqual(first, second);
          assert.equal(first?.epoch, position - start);
        });
      }
      await Promise.all(writes);
    });

    test('single reads inside more reads than there are connections do not wait for each other', async () => {
      const name = newName();
      await write(database, putting(name, 1));
      const found = await Promise.all(
        Array.from({ length: 20 }, () =>
          database.read(async (reader) => {
            await reader.get(find, name);
            await new Promise(setImmediate);
            return valueOf(database, name);
          }),
        ),
      );
      assert.deepEqual(new Set(found), new Set([1]));
    });

    test('a read whose body throws gives its connection back', async () => {
      for (let round = 0; round < 20; round += 1) {
        await assert.rejects(
          database.read(async () => {
            throw new Error('thrown by the body');
          }),
          /thrown by the body/,
        );
      }
      assert.deepEqual(await database.read((reader) => reader.all(find, newName())), []);
    });

    test('numbers up to 2^53 − 1 and text of any planes come back as they were', async () => {
      const name = `${newName()} 𝕊 ﷽ "'?\\%\n`;
      for (const value of [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, -1, 0]) {
        const key = name + value;
        await write(database, putting(key, value));
        assert.equal(await valueOf(database, key), value);
      }
      const extremes = integerList([Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]);
      assert.deepEqual(
        (await database.reader.all(listed, extremes)).map(({ epoch }) => epoch),
        [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
      );
    });
  });

  test(`closing finishes what was submitted, and takes no more (${engine.name})`, async () => {
    const made = await engine.createDatabase();
    const database = await openDatabaseUnderTest(made.config);
    const submitted = Array.from({ length: 20 }, () => database.submit(putting(newName(), 1)));
    const closed = database.close();
    assert.throws(() => database.submit(putting(newName(), 1)), /closed/);
    await closed;
    for (const { done } of submitted) assert.equal((await done).outcome, 'applied');
    const again = await openDatabaseUnderTest(made.config);
    assert.equal(again.position, 20);
    await again.close();
    await made.drop();
  });
}
