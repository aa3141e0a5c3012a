import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { testEngines } from '../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../tests/harness/engines.ts';
import { openDatabaseUnderTest } from '../storage/database-under-test.ts';
import { write } from '../storage/database.ts';
import type { Database } from '../storage/database.ts';
import {
  forgetMembershipsStatement,
  keepMembershipStatement,
  readKeptMemberships,
} from './service-membership-store.ts';

for (const engine of testEngines()) {
  describe(`memberships kept for application services (${engine.name})`, () => {
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

    async function kept(serviceId: string, above: number): Promise<string[]> {
      const stretch = { above, upTo: database.position };
      const rows = await readKeptMemberships(database.reader, serviceId, stretch);
      return rows.map(({ eventId }) => eventId);
    }

    test('they are there, in order, until their service is told', async () => {
      const positions: number[] = [];
      for (const eventId of ['$one', '$two', '$three']) {
        const member = { userId: '@a:b', roomNid: 1, eventId, json: '{}', strippedState: null };
        const statements = ['bridge', 'other'].map((id) => keepMembershipStatement(id, member));
        positions.push((await write(database, { statements, positions: 1 })).position);
      }
      const [first = 0, second = 0] = positions;
      assert.deepEqual(await kept('bridge', first), ['$two', '$three']);
      const statements = [forgetMembershipsStatement('bridge', second)];
      await write(database, { statements, positions: 0 });
      assert.deepEqual(await kept('bridge', 0), ['$three']);
      assert.deepEqual(await kept('other', 0), ['$one', '$two', '$three']);
    });
  });
}
