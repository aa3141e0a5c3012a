import assert from 'node:assert/strict';

import { roomVersion, type RoomVersion } from '@soma/protocol';

import { act } from '../client-server/requests.ts';
import { pathOf } from '../harness/api.ts';
import {
  createRoom,
  joinRoom,
  registerUser,
  sendState,
  sendText,
  type TestUser,
} from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { until } from '../harness/until.ts';
import { assertRefused, federationTests } from './federation-test.ts';
import { PlayedRoom, playRooms } from './played-room.ts';
import { PlayedUser, signEvent } from './played-user.ts';

const test = federationTests();
const v3 = '/_matrix/client/v3';

function knownVersion(id: string): RoomVersion {
  return roomVersion(id) ?? assert.fail(id);
}

async function bodiesIn(user: TestUser, roomId: string): Promise<unknown[]> {
  const path = v3 + pathOf`/rooms/${roomId}/messages`;
  const { body } = await user.request('GET', path, { query: { dir: 'b', limit: 50 } });
  return listAt(body, 'chunk').map((event) => valueAt(event, 'content', 'body'));
}

for (const version of ['1', '2', '3', '5']) {
  test(`events go both ways in a room of version ${version}`, async ({ one, two }) => {
    const alice = await registerUser(one, `old-a${version}`);
    const bob = await registerUser(two, `old-b${version}`);
    const alias = `old${version}`;
    const roomId = await createRoom(alice, {
      room_version: version,
      preset: 'public_chat',
      room_alias_name: alias,
    });
    await joinRoom(bob, `#${alias}:${one.serverName}`);
    await sendText(alice, roomId, 'from one');
    await until('what one says', async () => (await bodiesIn(bob, roomId)).includes('from one'));
    const said = await sendText(bob, roomId, 'from two');
    await until('what two says', async () => (await bodiesIn(alice, roomId)).includes('from two'));
    await sendState(alice, roomId, 'm.room.topic', '', { topic: 'Old' });
    const topic = v3 + pathOf`/rooms/${roomId}/state/m.room.topic`;
    await until(
      'the topic',
      async () => valueAt((await bob.request('GET', topic)).body, 'topic') === 'Old',
    );
    const redaction = v3 + pathOf`/rooms/${roomId}/redact/${said}/1`;
    assert.equal((await alice.request('PUT', redaction, { body: {} })).status, 200);
    await until('the redaction', async () => !(await bodiesIn(bob, roomId)).includes('from two'));
    await act(bob, roomId, 'leave');
    const member = v3 + pathOf`/rooms/${roomId}/state/m.room.member/${bob.userId}`;
    await until(
      'the leave',
      async () => valueAt((await alice.request('GET', member)).body, 'membership') === 'leave',
    );
  });
}

test("an event that has the ID of another room's is not taken for that one", async (given) => {
  const { one } = given;
  const peer = await given.newPeer();
  const alice = await registerUser(one, 'old-ids');
  // The events of a played room of version 1 have the same IDs in each room.
  const [known, room] = [
    new PlayedRoom(peer, { version: '1' }),
    new PlayedRoom(peer, { version: '1' }),
  ];
  playRooms(peer, [known, room]);
  const join = ({ roomId }: PlayedRoom) =>
    alice.request('POST', v3 + pathOf`/join/${roomId}`, {
      body: {},
      query: { via: peer.serverName },
    });
  assert.equal((await join(known)).status, 200);
  assertRefused(await join(room), 502, 'M_UNKNOWN');
  assert.equal((await join(known)).status, 200);
});

test('a join with the ID of an event of another room lets nobody in', async ({ one, newPeer }) => {
  const bob = new PlayedUser(await newPeer(), 'bob');
  const alice = await registerUser(one, 'old-join');
  const options = { room_version: '1', preset: 'public_chat' };
  const [first, second] = [await createRoom(alice, options), await createRoom(alice, options)];
  const { eventId } = await bob.become(one, 'join', first);
  const { pdu } = await bob.signed(one, 'join', second);
  const same = signEvent(bob.peer, knownVersion('1'), pdu, eventId);
  assertRefused(await bob.send(one, 'join', second, same), 400, 'M_INVALID_PARAM');
  const members = await alice.request('GET', v3 + pathOf`/rooms/${second}/joined_members`);
  assert.deepEqual(Object.keys(Object(valueAt(members.body, 'joined'))), [alice.userId]);
  // Nor is a message that comes so an error of the server.
  const body = { origin: bob.peer.serverName, origin_server_ts: 1, pdus: [same.pdu] };
  const sent = await bob.peer.request(one.serverName, 'PUT', '/_matrix/federation/v1/send/same', {
    body,
  });
  assert.equal(sent.status, 200, JSON.stringify(sent.body));
});
