import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { pathOf } from '../harness/api.ts';
import { checkDatabase } from '../harness/check-database.ts';
import { createRoom, registerUser, sendText, sync } from '../harness/client.ts';
import type { TestUser } from '../harness/client.ts';
import { testEngines } from '../harness/engines.ts';
import { soonAgain, startFederation } from '../harness/federation.ts';
import { valueAt } from '../harness/json-path.ts';
import { PlayedRoom, playRooms } from './played-room.ts';
import { untilTexts } from './room-texts.ts';

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
      for (let crash = 0; crash < crashes; crash += 1) {
        const joining = join(alice, room.roomId, peer.serverName).catch(() => undefined);
        await Promise.race([joining, sleep(100 + crash * 150)]);
        await server.kill();
        await joining;
        await checkDatabase(server);
        await server.restart();
      }
      const { status, body } = (await join(alice, room.roomId, peer.serverName)) ?? {
        status: 0,
        body: undefined,
      };
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

  test(`kill -9 of either server in a join, and both know the member afterwards (${engine.name})`, async () => {
    const federation = await startFederation({
      engine,
      servers: 2,
      config: soonAgain,
    });
    try {
      const [one, two] = federation.servers;
      assert.ok(one !== undefined && two !== undefined);
      const [alice, bob] = [await registerUser(one, 'alice'), await registerUser(two, 'bob')];
      for (let crash = 0; crash < crashes; crash += 1) {
        const roomId = await createRoom(alice, { preset: 'public_chat' });
        const joining = join(bob, roomId, one.serverName).catch(() => undefined);
        await Promise.race([joining, sleep(20 + crash * 25)]);
        const server = crash % 2 === 0 ? one : two;
        await server.kill();
        await joining;
        if (crash >= crashes - 2) await checkDatabase(server);
        await server.restart();
        await untilJoined(bob, roomId, one.serverName);
        await sendText(bob, roomId, 'at last');
        await untilTexts(alice, roomId, ['at last']);
        await sendText(alice, roomId, 'welcome');
        await untilTexts(bob, roomId, ['at last', 'welcome']);
      }
    } finally {
      await federation.dispose();
    }
  });
}

/** A server that has just failed is left alone for a moment. */
async function untilJoined(user: TestUser, roomId: string, via: string): Promise<void> {
  for (const deadline = performance.now() + 20_000; ; await sleep(200)) {
    const { status, body } = await join(user, roomId, via);
    if (status === 200) return;
    assert.ok(performance.now() < deadline, JSON.stringify(body));
  }
}

function join(user: TestUser, roomId: string, via: string) {
  const path = v3 + pathOf`/join/${roomId}`;
  return user.request('POST', path, { body: {}, query: { via } });
}
