import assert from 'node:assert/strict';
import { join as joinPath } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { pathOf } from '../harness/api.ts';
import { registerUser, sendText, sync } from '../harness/client.ts';
import type { TestUser } from '../harness/client.ts';
import { testEngines } from '../harness/engines.ts';
import { startFederation } from '../harness/federation.ts';
import { valueAt } from '../harness/json-path.ts';
import { runCli } from '../harness/run-cli.ts';
import { PlayedRoom, playRooms } from './played-room.ts';

const v3 = '/_matrix/client/v3';
const members = 400;
const crashes = 4;

for (const engine of testEngines()) {
  test(`kill -9 in the middle of a join leaves the room joined, or not at all (${engine.name})`, async () => {
    const federation = await startFederation({ engine, servers: 1 });
    try {
      const [server] = federation.servers;
      assert.ok(server !== undefined);
      const peer = await federation.startPeer();
      const room = new PlayedRoom(peer);
      for (let index = 0; index < members; index += 1) {
        const userId = `@member${index}:${peer.serverName}`;
        room.add('m.room.member', userId, { membership: 'join' }, userId);
      }
      playRooms(peer, [room]);
      const alice = await registerUser(server, 'alice');
      const config = joinPath(server.folder, 'homeserver.yaml');
      for (let crash = 0; crash < crashes; crash += 1) {
        const joining = join(alice, room).catch(() => undefined);
        await Promise.race([joining, sleep(100 + crash * 150)]);
        await server.kill();
        await joining;
        const { code, out, err } = await runCli(['check-database', '-c', config]);
        assert.equal(code, 0, out + err);
        await server.restart();
      }
      const { status, body } = (await join(alice, room)) ?? { status: 0, body: undefined };
      assert.equal(status, 200, JSON.stringify(body));
      const path = v3 + pathOf`/rooms/${room.roomId}/joined_members`;
      const joined = valueAt((await alice.request('GET', path)).body, 'joined') as object;
      assert.equal(Object.keys(joined).length, members + 2);
      assert.ok(valueAt((await sync(alice)).body, 'rooms', 'join', room.roomId) !== undefined);
      await sendText(alice, room.roomId, 'here at last');
    } finally {
      await federation.dispose();
    }
  });
}

function join(user: TestUser, room: PlayedRoom) {
  const path = v3 + pathOf`/join/${room.roomId}`;
  return user.request('POST', path, { body: {}, query: { via: room.peer.serverName } });
}
