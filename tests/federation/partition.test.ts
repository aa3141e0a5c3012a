import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkDatabase } from '../harness/check-database.ts';
import { createRoom, joinRoom, registerUser, sendText, type TestUser } from '../harness/client.ts';
import { testEngines } from '../harness/engines.ts';
import { soonAgain, startFederation } from '../harness/federation.ts';
import { untilTexts } from './room-texts.ts';

const rooms = 30;
const messagesPerRoom = 25;

for (const engine of testEngines()) {
  test(`what two servers wrote while they were apart is caught up in all rooms (${engine.name})`, async () => {
    const federation = await startFederation({
      engine,
      servers: 2,
      config: soonAgain,
    });
    try {
      const [one, two] = federation.servers;
      assert.ok(one !== undefined && two !== undefined);
      const [alice, bob] = [await registerUser(one, 'alice'), await registerUser(two, 'bob')];
      const roomIds: string[] = [];
      for (let index = 0; index < rooms; index += 1) {
        const alias = `room${index}`;
        roomIds.push(await createRoom(alice, { preset: 'public_chat', room_alias_name: alias }));
        await joinRoom(bob, `#${alias}:${one.serverName}`);
      }
      await two.stop();
      await writeTo(roomIds, alice, 'one');
      await one.stop();
      await two.restart();
      await writeTo(roomIds, bob, 'two');
      await one.restart();
      const texts = [...textsOf('one'), ...textsOf('two')];
      for (const roomId of roomIds) {
        await untilTexts(alice, roomId, texts);
        await untilTexts(bob, roomId, texts);
      }
      for (const server of [one, two]) {
        await server.stop();
        await checkDatabase(server);
      }
    } finally {
      await federation.dispose();
    }
  });
}

function textsOf(side: string): string[] {
  return Array.from({ length: messagesPerRoom }, (_, index) => `${side} ${index}`);
}

async function writeTo(roomIds: readonly string[], user: TestUser, side: string): Promise<void> {
  for (const text of textsOf(side)) {
    await Promise.all(roomIds.map((roomId) => sendText(user, roomId, text)));
  }
}
