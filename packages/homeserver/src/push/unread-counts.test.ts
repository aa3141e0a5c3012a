import { after, before, describe, test } from 'node:test';

import fc from 'fast-check';

import { testEngines } from '../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../tests/harness/engines.ts';
import { orderedKinds, randomStep } from './random-steps-under-test.ts';
import type { Step } from './random-steps-under-test.ts';
import { RoomsUnderTest } from './rooms-under-test.ts';
import { UnreadWorld } from './unread-world-under-test.ts';

const STEPS_BETWEEN_CHECKS = 12;

/** Steps at the same time begin within so many turns of the event loop. */
const TURNS = 12;

/** PostgreSQL answers each step over a connection: fewer histories take as long. */
const histories = { sqlite: 20, postgres: 4 };

for (const engine of testEngines()) {
  describe(`unread counts (${engine.name})`, () => {
    let database: TestDatabase;
    let server: RoomsUnderTest;
    let worlds = 0;

    before(async () => {
      database = await engine.createDatabase();
      server = await RoomsUnderTest.open(database.config);
    });
    after(async () => {
      await server.database.close();
      await database.drop();
    });

    async function newWorld(): Promise<UnreadWorld> {
      worlds += 1;
      const world = new UnreadWorld(server, `world${worlds}`);
      await world.begin();
      return world;
    }

    test('they are those of a count that evaluates everything again', async () => {
      const history = fc.array(randomStep(orderedKinds), { minLength: 20, maxLength: 120 });
      await fc.assert(
        fc.asyncProperty(history, async (steps) => {
          const world = await newWorld();
          for (const [index, step] of steps.entries()) {
            await world.take(step);
            if (index % STEPS_BETWEEN_CHECKS === 0) await world.check();
          }
          await world.check();
        }),
        { numRuns: histories[engine.name] },
      );
    });

    test('they are so whatever happens at the same time', async () => {
      const rounds = fc.array(fc.array(randomStep(), { maxLength: 12 }), { maxLength: 12 });
      await fc.assert(fc.asyncProperty(rounds, takeTogether), {
        numRuns: histories[engine.name],
      });
    });

    test('they are so while rules change, members come and heads are read again', async () => {
      const step = randomStep({
        ...{
          message: 4,
          mention: 6,
          pair: 2,
          toggle: 6,
          join: 2,
          leave: 2,
          forgetHead: 1,
          profile: 1,
        },
      });
      const rounds = fc.array(fc.array(step, { minLength: 20, maxLength: 40 }), {
        minLength: 3,
        maxLength: 6,
      });
      await fc.assert(fc.asyncProperty(rounds, takeTogether), {
        numRuns: histories[engine.name],
      });
    });

    async function takeTogether(rounds: readonly (readonly Step[])[]): Promise<void> {
      const world = await newWorld();
      for (const steps of rounds) {
        await Promise.all(steps.map((step) => world.take(step, step.pick % TURNS)));
        await world.check();
      }
    }
  });
}
