import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { testEngines } from '../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../tests/harness/engines.ts';
import { RECOMMENDED_PREJOIN_STATE } from '../config/config.ts';
import type { ImportedMember } from '../rooms/imported-state.ts';
import { emptyRoomChange } from '../rooms/persist-event.ts';
import { openDatabaseUnderTest } from '../storage/database-under-test.ts';
import { write } from '../storage/database.ts';
import type { Database } from '../storage/database.ts';
import { POSITION } from '../storage/sql.ts';
import { importMembers } from './import-members.ts';
import { readMembership } from './membership-store.ts';

const roomNid = 1;
const banned: ImportedMember = {
  userId: '@bob:example.org',
  userNid: 2,
  eventNid: 3,
  sender: '@alice:elsewhere.org',
  content: { membership: 'ban' },
};

for (const engine of testEngines()) {
  describe(`the members of imported rooms (${engine.name})`, () => {
    let made: TestDatabase;
    let database: Database;
    let snapshotNid = 0;
    before(async () => {
      made = await engine.createDatabase();
      database = await openDatabaseUnderTest(made.config);
    });
    after(async () => {
      await database.close();
      await made.drop();
    });

    async function take(members: readonly ImportedMember[]): Promise<string | undefined> {
      snapshotNid += 1;
      const imported = {
        roomNid,
        snapshotNid,
        joined: undefined,
        members,
        get: () => undefined,
        stage: async (statements: Parameters<typeof write>[1]['statements']) => {
          await write(database, { statements, positions: 0 });
        },
      };
      const project = await importMembers(
        imported,
        RECOMMENDED_PREJOIN_STATE,
        (userId) => userId === banned.userId,
      );
      const change = emptyRoomChange();
      change.positions = 1;
      await project(POSITION, change, database.reader);
      await write(database, change);
      return (await readMembership(database.reader, banned.userNid, roomNid))?.membership;
    }

    test('who was left out of a state in part is what they were once the state is whole', async () => {
      assert.equal(await take([banned]), 'ban');
      assert.equal(await take([]), 'leave');
      assert.equal(await take([banned]), 'ban');
    });
  });
}
