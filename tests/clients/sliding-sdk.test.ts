import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { ClientEvent, createClient, EventType, type MatrixClient } from 'matrix-js-sdk';
import { SlidingSync } from 'matrix-js-sdk/lib/sliding-sync.js';

import { act } from '../client-server/requests.ts';
import {
  createRoom,
  inviteUser,
  joinRoom,
  registerUser,
  sendText,
  type TestUser,
} from '../harness/client.ts';
import { testEngines, type TestEngine } from '../harness/engines.ts';
import { startHomeserver, type TestHomeserver } from '../harness/homeserver-process.ts';
import { quiet, stateContent, textsIn } from './sdk-client.ts';

/** A client of the SDK that follows by the SDK's own sliding sync. */
async function openSlidingClient(
  server: { readonly url: string },
  { userId, accessToken, deviceId }: TestUser,
): Promise<{ client: MatrixClient; sliding: SlidingSync }> {
  const client = createClient({
    baseUrl: server.url,
    logger: quiet,
    userId,
    accessToken,
    deviceId,
  });
  const room = {
    timeline_limit: 5,
    required_state: [
      ['m.room.create', ''],
      ['m.room.name', ''],
      ['m.room.member', '$ME'],
      ['m.room.member', '$LAZY'],
    ],
  };
  const lists = new Map([['all', { ranges: [[0, 19]], ...room }]]);
  const sliding = new SlidingSync(server.url, lists, room, client, 2_000);
  await client.startClient({ slidingSync: sliding });
  return { client, sliding };
}

/** Looks after every sync until there is something. */
function untilFound<T>(client: MatrixClient, find: () => T | null | undefined | false): Promise<T> {
  return new Promise((resolve) => {
    const look = (): void => {
      const found = find();
      if (found === undefined || found === null || found === false) return;
      client.off(ClientEvent.Sync, look);
      resolve(found);
    };
    client.on(ClientEvent.Sync, look);
    look();
  });
}

function declare(engine: TestEngine): void {
  let server: TestHomeserver;
  before(async () => {
    server = await startHomeserver({ engine });
  });
  after(() => server.dispose());

  test("the SDK's sliding sync follows rooms, invitations, typing and leaving", async () => {
    const [alice, bob] = [await registerUser(server, 'alice'), await registerUser(server, 'bob')];
    const roomId = await createRoom(alice, { preset: 'public_chat', name: 'Den' });
    await joinRoom(bob, roomId);
    await sendText(alice, roomId, 'before');
    const { client, sliding } = await openSlidingClient(server, bob);
    const room = await untilFound(client, () => client.getRoom(roomId));
    await untilFound(client, () => textsIn(room).includes('before'));
    assert.equal(room.name, 'Den');
    assert.equal(room.getMyMembership(), 'join');
    assert.equal(room.getJoinedMemberCount(), 2);
    assert.deepEqual(stateContent(room, EventType.RoomName), { name: 'Den' });
    await sendText(alice, roomId, 'while it follows');
    await untilFound(client, () => textsIn(room).includes('while it follows'));
    assert.equal(sliding.getListData('all')?.joinedCount, 1);
    const invited = await createRoom(alice, { name: 'Second' });
    await inviteUser(alice, invited, bob.userId);
    const second = await untilFound(client, () => client.getRoom(invited));
    await untilFound(client, () => second.getMyMembership() === 'invite');
    await client.joinRoom(invited);
    await untilFound(client, () => second.getMyMembership() === 'join');
    await act(bob, roomId, 'leave');
    await untilFound(client, () => room.getMyMembership() === 'leave');
    await client.setAccountData(EventType.Direct, { [alice.userId]: [invited] });
    await untilFound(client, () => client.getAccountData(EventType.Direct));
    client.stopClient();
    sliding.stop();
  });

  test('the SDK begins anew after a restart of the server', async () => {
    const carol = await registerUser(server, 'carol');
    const roomId = await createRoom(carol);
    const { client, sliding } = await openSlidingClient(server, carol);
    const room = await untilFound(client, () => client.getRoom(roomId));
    await server.stop();
    await server.restart();
    await sendText(carol, roomId, 'after the restart');
    await untilFound(client, () => textsIn(room).includes('after the restart'));
    client.stopClient();
    sliding.stop();
  });
}

for (const engine of testEngines()) {
  describe(`sliding sync of matrix-js-sdk (${engine.name})`, () => declare(engine));
}
