import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { createRoom, registerUser, sendEvent } from '../../../../tests/harness/client.ts';
import { testEngines } from '../../../../tests/harness/engines.ts';
import { startHomeserver } from '../../../../tests/harness/homeserver-process.ts';
import { upload } from '../../../../tests/harness/media-requests.ts';
import { runCli } from '../../../../tests/harness/run-cli.ts';

for (const engine of testEngines()) {
  test(`media-report adds up by user, room, type and age (${engine.name})`, async () => {
    await using server = await startHomeserver({ engine });
    const alice = await registerUser(server, 'alice');
    const bob = await registerUser(server, 'bob');
    const large = await upload(alice, Buffer.alloc(3 * 1024), { type: 'text/plain; charset=x' });
    await upload(bob, Buffer.alloc(3 * 1024), { type: 'text/plain' });
    await upload(bob, 'x', { type: 'image/png' });
    const roomId = await createRoom(alice);
    const content = { msgtype: 'm.file', body: 'file', url: `mxc://soma.test/${large}` };
    await sendEvent(alice, roomId, 'm.room.message', content);
    await server.stop();
    const config = join(server.folder, 'homeserver.yaml');

    const { code, out } = await runCli(['media-report', '-c', config, '--json']);
    assert.equal(code, 0);
    const none = { count: 0, bytes: 0 };
    assert.deepEqual(JSON.parse(out), {
      totals: [
        { name: 'of this server', count: 3, bytes: 6145 },
        { name: 'as files', count: 2, bytes: 3073 },
      ],
      users: [
        { name: '@bob:soma.test', count: 2, bytes: 3073 },
        { name: '@alice:soma.test', count: 1, bytes: 3072 },
      ],
      rooms: [{ name: roomId, count: 1, bytes: 3072 }],
      types: [
        { name: 'text/plain', count: 2, bytes: 6144 },
        { name: 'image/png', count: 1, bytes: 1 },
      ],
      ages: [
        { name: 'up to a day', count: 3, bytes: 6145 },
        { name: 'up to a week', ...none },
        { name: 'up to a month', ...none },
        { name: 'up to 3 months', ...none },
        { name: 'up to a year', ...none },
        { name: 'older', ...none },
      ],
    });
    const tables = (await runCli(['media-report', '-c', config])).out;
    const bar = '█'.repeat(30);
    assert.match(tables, /^All media\n {2}of this server {2}3 files {2}6\.0 KiB {2}█{30}\n/);
    assert.ok(tables.includes(`  @bob:soma.test    2 files  3.0 KiB  ${bar}\n`), tables);
  });
}
