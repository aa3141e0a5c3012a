import assert from 'node:assert/strict';
import { test } from 'node:test';

import { sync } from '../../tests/harness/client.ts';
import { startHomeserver } from '../../tests/harness/homeserver-process.ts';
import { valueAt } from '../../tests/harness/json-path.ts';
import { seed } from './seed.ts';

test('each of the three finds rooms, and bob and carol an invitation', async () => {
  await using server = await startHomeserver();
  const { users, rooms } = await seed(server);
  assert.equal(new Set(rooms.map(({ roomId }) => roomId)).size, rooms.length);
  const seen = await Promise.all(
    users.map(async (user) => {
      const { body } = await sync(user);
      const count = (kind: string): number =>
        Object.keys(valueAt(body, 'rooms', kind) ?? {}).length;
      return [user.userId, count('join'), count('invite')];
    }),
  );
  assert.deepEqual(seen, [
    ['@alice:soma.test', 3, 0],
    ['@bob:soma.test', 3, 1],
    ['@carol:soma.test', 2, 1],
  ]);
});
