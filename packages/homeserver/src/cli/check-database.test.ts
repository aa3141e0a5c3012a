import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { createRoom, registerUser, sendText } from '../../../../tests/harness/client.ts';
import { testEngines } from '../../../../tests/harness/engines.ts';
import { startHomeserver } from '../../../../tests/harness/homeserver-process.ts';
import type { TestHomeserver } from '../../../../tests/harness/homeserver-process.ts';
import { runCli } from '../../../../tests/harness/run-cli.ts';
import { readRoomNids } from '../rooms/consistency-store.ts';
import { putHeadStatement } from '../rooms/state-store.ts';
import { write } from '../storage/database.ts';
import { openStoppedDatabase } from './open-stopped-database.ts';

for (const engine of testEngines()) {
  describe(`check-database (${engine.name})`, () => {
    let server: TestHomeserver;
    let config: string;
    before(async () => {
      server = await startHomeserver({ engine });
      config = join(server.folder, 'homeserver.yaml');
      const alice = await registerUser(server, 'alice');
      await sendText(alice, await createRoom(alice), 'hello');
    });
    after(() => server.dispose());

    test('beside a running server it is refused', async () => {
      const { code, out, err } = await runCli(['check-database', '-c', config]);
      assert.deepEqual([code, out], [1, '']);
      assert.match(err, /^another soma is running on (?:the folder|this database)/i);
    });

    test('a sound database: its counts, and exit code 0', async () => {
      await server.stop();
      const { code, out, err } = await runCli(['check-database', '--config', config]);
      assert.match(out, /^The database is sound: \d+ events, 1 rooms, \d+ states of rooms\.\n$/);
      assert.equal(err, 'Checked 1 of 1 rooms\n');
      assert.equal(code, 0);
    });

    test('a broken one: what is wrong with it, and exit code 1', async () => {
      const { database, close } = await openStoppedDatabase([config], '');
      const [roomNid = 0] = await readRoomNids(database.reader);
      await write(database, { statements: [putHeadStatement(roomNid, 1)], positions: 0 });
      await close();
      const { code, out } = await runCli(['check-database', '-c', config]);
      assert.match(out, /^The database has 1 problem, in .*:\n {2}room \d+: .*head's snapshot\n$/);
      assert.equal(code, 1);
    });
  });
}

describe('check-database without a database', () => {
  const folder = mkdtempSync(join(tmpdir(), 'soma-check-database-'));
  after(() => rmSync(folder, { recursive: true }));

  test('a folder without a config, a config without a database', async () => {
    const empty = await runCli(['check-database', '--data-directory', folder]);
    assert.equal(empty.code, 1);
    assert.match(empty.err, /config file .*homeserver\.yaml does not exist/);
    writeFileSync(join(folder, 'homeserver.yaml'), 'server_name: a\n');
    const fresh = await runCli(['check-database', '--data-directory', folder]);
    assert.equal(fresh.code, 1);
    assert.match(fresh.err, /There is no database .*homeserver\.db/);
  });

  test('a folder and a config exclude each other', async () => {
    const { code } = await runCli(['check-database', '--data-directory', folder, '-c', 'a.yaml']);
    assert.equal(code, 2);
  });
});
