import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { testEngines } from '../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../tests/harness/engines.ts';
import { openDatabaseUnderTest } from '../storage/database-under-test.ts';
import type { Database } from '../storage/database.ts';
import { Destinations } from './destinations.ts';

const minuteMs = 60_000;

for (const engine of testEngines()) {
  describe(`destinations (${engine.name})`, () => {
    let made: TestDatabase;
    let database: Database;
    const clock = { nowMs: 1_700_000_000_000 };

    const open = (random = 1 / 3): Destinations =>
      new Destinations({
        database,
        now: () => clock.nowMs,
        random: () => random,
        retryIntervalMsMin: 10 * minuteMs,
        retryIntervalMsMax: 60 * minuteMs,
        retryMultiplier: 2,
        reportFault: (error) => assert.fail(String(error)),
      });
    const waitOf = async (destinations: Destinations, name: string) => {
      const atMs = await destinations.retryAtMs(name);
      return atMs === undefined ? undefined : (atMs - clock.nowMs) / minuteMs;
    };
    const fail = async (destinations: Destinations, name: string): Promise<void> =>
      (await destinations.begin(name)).failed();

    before(async () => {
      made = await engine.createDatabase();
      database = await openDatabaseUnderTest(made.config);
    });
    after(async () => {
      await database.close();
      await made.drop();
    });

    test('a server that fails is left alone, for longer each time, and no longer than the most', async () => {
      const destinations = open();
      assert.equal(await waitOf(destinations, 'a.test'), undefined);
      for (const minutes of [10, 20, 40, 60, 60]) {
        await fail(destinations, 'a.test');
        assert.equal(await waitOf(destinations, 'a.test'), minutes);
        clock.nowMs += minutes * minuteMs;
        assert.equal(await waitOf(destinations, 'a.test'), undefined);
      }
      assert.equal(await waitOf(destinations, 'b.test'), undefined, 'others are not concerned');
      await destinations.close();
    });

    test('requests that fail together are one failure', async () => {
      const destinations = open();
      const attempts = await Promise.all([1, 2, 3].map(() => destinations.begin('c.test')));
      for (const attempt of attempts) attempt.failed();
      assert.equal(await waitOf(destinations, 'c.test'), 10);
      await destinations.close();
    });

    test('the second time is drawn from around the double', async () => {
      for (const [random, minutes] of [
        [0, 16],
        [1, 28],
      ] as const) {
        const destinations = open(random);
        const name = `d${random}.test`;
        await fail(destinations, name);
        await fail(destinations, name);
        assert.equal(await waitOf(destinations, name), minutes);
        await destinations.close();
      }
    });

    test('a restart forgets nothing', async () => {
      const first = open();
      await fail(first, 'e.test');
      await first.close();
      const second = open();
      assert.equal(await waitOf(second, 'e.test'), 10);
      assert.equal((await second.failureOf('e.test'))?.failingSinceTs, clock.nowMs);
      await second.heardFrom('e.test');
      await second.close();
      assert.equal(await waitOf(open(), 'e.test'), undefined);
    });

    test('a server that is heard from, or answers, is up again, and that is told once', async () => {
      const destinations = open();
      const up: string[] = [];
      destinations.onUp((serverName) => up.push(serverName));
      await fail(destinations, 'f.test');
      await destinations.heardFrom('f.test');
      assert.equal(await waitOf(destinations, 'f.test'), undefined);
      await destinations.heardFrom('f.test');
      await fail(destinations, 'g.test');
      (await destinations.begin('g.test')).succeeded();
      assert.equal(await waitOf(destinations, 'g.test'), undefined);
      await fail(destinations, 'g.test');
      assert.equal(await waitOf(destinations, 'g.test'), 10, 'and it begins anew');
      assert.deepEqual(up, ['f.test', 'g.test']);
      await destinations.close();
    });
  });
}
