import assert from 'node:assert/strict';

import { pathOf } from '../harness/api.ts';
import { registerAdmin, registerGuest, registerUser } from '../harness/client.ts';
import type { TestUser } from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';
import { assertRefused, federationTests } from './federation-test.ts';
import { PlayedRoom, playRooms, reply } from './played-room.ts';

const test = federationTests({
  allow_guest_access: true,
  limit_remote_rooms: {
    enabled: true,
    complexity: 0.02,
    complexity_error: 'too large for us',
    admins_can_join: true,
  },
});
const v3 = '/_matrix/client/v3';

function join(user: TestUser, room: PlayedRoom) {
  const path = v3 + pathOf`/join/${room.roomId}`;
  return user.request('POST', path, { body: {}, query: { via: room.peer.serverName } });
}

function largeRoom(...args: ConstructorParameters<typeof PlayedRoom>): PlayedRoom {
  const room = new PlayedRoom(...args);
  for (let index = 0; index < 10; index += 1) room.add('org.example.state', `${index}`, {});
  return room;
}

test('rooms beyond the limit of complexity are not joined, but by administrators', async ({
  one,
  newPeer,
}) => {
  const peer = await newPeer();
  const [large, small] = [largeRoom(peer), new PlayedRoom(peer)];
  playRooms(peer, [large, small]);
  const alice = await registerUser(one, 'modest');
  const refused = await join(alice, large);
  assertRefused(refused, 400, 'M_RESOURCE_LIMIT_EXCEEDED');
  assert.equal(valueAt(refused.body, 'error'), 'too large for us');
  // The other server did not say so before the join, which is taken back.
  assert.equal(large.events.at(-1)?.pdu.content['membership'], 'leave');
  assert.equal((await join(alice, small)).status, 200);
  assert.equal((await join(await registerAdmin(one, 'chief'), large)).status, 200);
});

test('a server that tells the complexity spares the join', async ({ one, newPeer }) => {
  const peer = await newPeer();
  const room = new PlayedRoom(peer);
  let complexity = 7.5;
  playRooms(peer, [room], (request, response) => {
    const path = '/_matrix/federation/unstable' + pathOf`/rooms/${room.roomId}/complexity`;
    if (request.url === path) reply(response, 200, { v1: complexity });
    else reply(response, 404, { errcode: 'M_UNRECOGNIZED', error: 'not played' });
  });
  const alice = await registerUser(one, 'spared');
  assertRefused(await join(alice, room), 400, 'M_RESOURCE_LIMIT_EXCEEDED');
  assert.ok(!room.asked.includes('send_join'));
  complexity = 0.01;
  assert.equal((await join(alice, room)).status, 200);
});

test('guests join where the room lets them', async ({ one, newPeer }) => {
  const peer = await newPeer();
  const closed = new PlayedRoom(peer);
  const open = new PlayedRoom(peer, {
    state: { 'm.room.guest_access': { guest_access: 'can_join' } },
  });
  playRooms(peer, [closed, open]);
  const guest = await registerGuest(one);
  assertRefused(await join(guest, closed), 403, 'M_GUEST_ACCESS_FORBIDDEN');
  assert.equal(closed.events.at(-1)?.pdu.content['membership'], 'leave');
  const { status, body } = await join(guest, open);
  assert.equal(status, 200, JSON.stringify(body));
});
