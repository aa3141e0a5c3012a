import assert from 'node:assert/strict';

import { ok, v3 } from '../client-server/requests.ts';
import { deviceKeys, newIdentity } from '../client-server/signing-identity.ts';
import { pathOf } from '../harness/api.ts';
import { createRoom, registerUser, sendText, type TestUser } from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import type { TestPeer } from '../harness/peer.ts';
import { until } from '../harness/until.ts';
import { federationTests } from './federation-test.ts';
import { PlayedRoom, playRooms, reply, textOf } from './played-room.ts';
import { PlayedUser } from './played-user.ts';

const test = federationTests();

/** Lets a peer answer for its rooms, and gives what it is told of devices, as it comes. */
function toldOfDevices(peer: TestPeer, rooms: readonly PlayedRoom[]): unknown[] {
  const told: unknown[] = [];
  playRooms(peer, rooms, (request, response) => {
    void textOf(request).then((text) => {
      const edus = text === '' ? [] : listAt(JSON.parse(text), 'edus');
      const updates = edus.filter((edu) => valueAt(edu, 'edu_type') === 'm.device_list_update');
      told.push(...updates.map((edu) => valueAt(edu, 'content')));
      reply(response, 200, { pdus: {} });
    });
  });
  return told;
}

async function join(user: TestUser, { roomId, peer }: PlayedRoom): Promise<void> {
  const query = { via: peer.serverName };
  await ok(user, 'POST', v3 + pathOf`/join/${roomId}`, { body: {}, query });
}

test('servers of a room that a user joins are told of the devices, once', async (given) => {
  const { one } = given;
  const [peer, other] = [await given.newPeer(), await given.newPeer()];
  const alice = await registerUser(one, 'introduced');
  await ok(alice, 'POST', `${v3}/keys/upload`, {
    body: { device_keys: deviceKeys(alice, newIdentity()) },
  });
  const rooms = [new PlayedRoom(peer), new PlayedRoom(peer)] as const;
  const [told, toldOther] = [toldOfDevices(peer, rooms), toldOfDevices(other, [])];
  await join(alice, rooms[0]);
  await until('the devices', () => told.length > 0);
  const path = `/_matrix/federation/v1${pathOf`/user/devices/${alice.userId}`}`;
  const { body: list } = await peer.request(one.serverName, 'GET', path);
  const [update] = told;
  assert.deepEqual(
    ['user_id', 'device_id', 'stream_id', 'prev_id'].map((name) => valueAt(update, name)),
    // Without a predecessor: whoever gets it asks for all of the list.
    [alice.userId, alice.deviceId, valueAt(list, 'stream_id'), []],
  );
  // A server that is told of changes anyway is not told again, one that comes to know of the user by another room is.
  await join(alice, rooms[1]);
  const bob = await registerUser(one, 'owner');
  const roomId = await createRoom(bob, { preset: 'public_chat' });
  for (const each of [peer, other])
    await new PlayedUser(each, 'member').become(one, 'join', roomId);
  await ok(alice, 'POST', v3 + pathOf`/join/${roomId}`, { body: {} });
  await until('the devices for the other server', () => toldOther.length > 0);
  await sendText(alice, roomId, 'and what came before was told by now');
  await until('the message', () => peer.asked.filter((each) => each.startsWith('PUT')).length > 3);
  assert.equal(told.length, 1);
  assert.equal(toldOther.length, 1);
});
