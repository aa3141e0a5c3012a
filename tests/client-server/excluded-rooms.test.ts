import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { createRoom, sendText } from '../harness/client.ts';
import { listAt } from '../harness/json-path.ts';
import { ok, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';
import { listOf, slide } from './sliding-view.ts';
import { sync } from './sync-view.ts';

const test = serverTests();

test('rooms that the operator excludes are in no answer of a sync', async ({ server, newUser }) => {
  const alice = await newUser();
  const [shown, hidden] = [await createRoom(alice), await createRoom(alice)];
  const { nextBatch } = await sync(alice);
  const path = join(server.folder, 'homeserver.yaml');
  const config: object = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify({ ...config, exclude_rooms_from_sync: [hidden] }));
  await server.restart();
  await sendText(alice, hidden, 'unheard');
  await sendText(alice, shown, 'heard');
  assert.deepEqual((await sync(alice)).rooms('join'), [shown]);
  assert.deepEqual((await sync(alice, { since: nextBatch })).rooms('join'), [shown]);
  const view = await slide(alice, listOf());
  assert.deepEqual(view.roomIds, [shown]);
  assert.equal(view.count('all'), 1);
  const joined = listAt(await ok(alice, 'GET', `${v3}/joined_rooms`), 'joined_rooms');
  assert.ok(joined.includes(hidden));
});
