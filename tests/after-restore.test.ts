import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { ok, refusal, v3 } from './client-server/requests.ts';
import { deviceKeys, newIdentity, signedBy } from './client-server/signing-identity.ts';
import { claimOneTimeKey } from './crash/one-time-keys.ts';
import {
  createRoom,
  inviteUser,
  joinRoom,
  registerUser,
  sendText,
  sync,
} from './harness/client.ts';
import type { TestUser } from './harness/client.ts';
import { testEngines } from './harness/engines.ts';
import { startHomeserver } from './harness/homeserver-process.ts';
import { listAt, valueAt } from './harness/json-path.ts';
import { runCli } from './harness/run-cli.ts';

const oneTimeKey = 'signed_curve25519:A';

function keyOf(user: TestUser, key: object): object {
  return signedBy({ key: 'key', ...key }, user.userId, user.deviceId, newIdentity());
}

async function uploadKeys(user: TestUser): Promise<void> {
  const body = {
    device_keys: deviceKeys(user, newIdentity()),
    one_time_keys: { [oneTimeKey]: keyOf(user, {}) },
    fallback_keys: { 'signed_curve25519:F': keyOf(user, { fallback: true }) },
  };
  await ok(user, 'POST', `${v3}/keys/upload`, { body });
}

function textsIn(body: unknown, roomId: string): unknown[] {
  return listAt(body, 'rooms', 'join', roomId, 'timeline', 'events')
    .map((event) => valueAt(event, 'content', 'body'))
    .filter((text) => text !== undefined);
}

for (const engine of testEngines()) {
  test(`clients go on after the restore of an old copy of the database (${engine.name})`, async () => {
    const database = await engine.createDatabase();
    await using server = await startHomeserver({ databaseConfig: database.config });
    const [alice, bob] = [await registerUser(server, 'alice'), await registerUser(server, 'bob')];
    const roomId = await createRoom(alice);
    await inviteUser(alice, roomId, bob.userId);
    await joinRoom(bob, roomId);
    await uploadKeys(bob);
    await sendText(alice, roomId, 'before the backup');
    await server.stop();
    const backup = await database.backUp();

    await server.restart();
    assert.equal(await claimOneTimeKey(alice, bob), oneTimeKey);
    await sendText(alice, roomId, 'lost');
    const { nextBatch: since } = await sync(bob);
    await server.stop();
    await backup.restore();
    const config = join(server.folder, 'homeserver.yaml');
    const { code, out, err } = await runCli(['after-restore', '-c', config]);
    assert.deepEqual([code, err], [0, '']);
    assert.match(out, /^The database is ready .*\nDropped 1 one-time keys; 1 users with devices/);

    await server.restart();
    const restored = await sync(bob, { since });
    assert.deepEqual(textsIn(restored.body, roomId), ['before the backup']);
    const changed = listAt(restored.body, 'device_lists', 'changed');
    assert.deepEqual(new Set(changed), new Set([alice.userId, bob.userId]));
    assert.equal(valueAt(restored.body, 'device_one_time_keys_count', 'signed_curve25519'), 0);
    assert.deepEqual(valueAt(restored.body, 'device_unused_fallback_key_types'), []);
    // What was handed out is never handed out again; the fallback stands in until there are new keys.
    assert.equal(await claimOneTimeKey(alice, bob), 'signed_curve25519:F');
    await sendText(alice, roomId, 'after the restore');
    const later = await sync(bob, { since: restored.nextBatch });
    assert.deepEqual(textsIn(later.body, roomId), ['after the restore']);
    const position = (token: string): number => Number(token.split('_')[2]);
    assert.ok(position(restored.nextBatch) > position(since) + 1_000_000);

    await server.stop();
    const check = await runCli(['check-database', '-c', config]);
    assert.match(check.out, /^The database is sound/);
    await database.drop();
  });

  test(`without the preparation a client's token lies in the future (${engine.name})`, async () => {
    const database = await engine.createDatabase();
    await using server = await startHomeserver({ databaseConfig: database.config });
    const alice = await registerUser(server, 'alice');
    const roomId = await createRoom(alice);
    await server.stop();
    const backup = await database.backUp();
    await server.restart();
    await sendText(alice, roomId, 'lost');
    const { nextBatch: since } = await sync(alice);
    await server.stop();
    await backup.restore();
    await server.restart();
    const answer = await refusal(alice, 'GET', `${v3}/sync`, { query: { since } });
    assert.equal(answer, '400 M_INVALID_PARAM');
    await server.stop();
    await database.drop();
  });
}
