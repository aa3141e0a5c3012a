import assert from 'node:assert/strict';

import { roomVersion, type JsonObject } from '@soma/protocol';

import { pathOf } from '../harness/api.ts';
import { createRoom, registerUser } from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { assertRefused, federationTests } from './federation-test.ts';
import { PlayedUser, idOf, signEvent } from './played-user.ts';
import { untilTexts } from './room-texts.ts';

const federationTest = federationTests();

federationTest('a transaction is answered, and gets the same answer again', async (given) => {
  const peer = await given.newPeer();
  const pdu = {
    type: 'm.room.message',
    room_id: '!elsewhere:example.org',
    sender: `@bob:${peer.serverName}`,
    content: {},
    depth: 1,
    auth_events: [],
    prev_events: [],
    origin_server_ts: 1,
    hashes: { sha256: 'x' },
    signatures: {},
  };
  const target = pathOf`/_matrix/federation/v1/send/${'a transaction'}`;
  const body = { origin: peer.serverName, origin_server_ts: 1, pdus: [pdu], edus: [] };
  const send = () => peer.request(given.one.serverName, 'PUT', target, { body });
  const first = await send();
  assert.equal(first.status, 200);
  const results = Object.values(Object(valueAt(first.body, 'pdus')));
  assert.deepEqual(results, [{ error: 'This server is not in the room' }]);
  assert.deepEqual((await send()).body, first.body);
});

federationTest('a transaction that holds too much, or is none, is refused', async (given) => {
  const peer = await given.newPeer();
  const target = '/_matrix/federation/v1/send/1';
  const send = (body: { pdus: object[]; edus: object[] }) =>
    peer.request(given.one.serverName, 'PUT', target, { body: JSON.parse(JSON.stringify(body)) });
  const many = (length: number) => Array.from({ length }, () => ({}));
  assertRefused(await send({ pdus: many(51), edus: [] }), 400, 'M_BAD_JSON');
  assertRefused(await send({ pdus: [], edus: many(101) }), 400, 'M_BAD_JSON');
  const most = await send({ pdus: many(50), edus: many(100) });
  assert.deepEqual([most.status, most.body], [200, { pdus: {} }]);
  const unsigned = { body: { pdus: [] }, authorization: null };
  const answer = await peer.request(given.one.serverName, 'PUT', target, unsigned);
  assertRefused(answer, 401, 'M_UNAUTHORIZED');
});

federationTest(
  'an event that is refused has its result, also one that names too many',
  async (given) => {
    const { one } = given;
    const alice = await registerUser(one, 'results');
    const bob = new PlayedUser(await given.newPeer(), 'bob');
    const roomId = await createRoom(alice, { preset: 'public_chat', room_version: '11' });
    const { eventId } = await bob.become(one, 'join', roomId);
    const version = roomVersion('11') ?? assert.fail();
    const message = (more: JsonObject) =>
      signEvent(bob.peer, version, {
        type: 'm.room.message',
        room_id: roomId,
        sender: bob.userId,
        content: {},
        depth: 9,
        auth_events: [],
        prev_events: [eventId],
        origin_server_ts: 1,
        ...more,
      });
    const names = (count: number) => Array.from({ length: count }, (_, index) => `$event${index}`);
    const refused = [
      message({ prev_events: names(21) }),
      message({ auth_events: names(11) }),
      message({ depth: 2 ** 53 - 1, room_id: `!none:${one.serverName}` }),
    ];
    const body = { pdus: refused.map(({ pdu }) => pdu) };
    const target = '/_matrix/federation/v1/send/results';
    const answer = await bob.peer.request(one.serverName, 'PUT', target, { body });
    assert.equal(answer.status, 200);
    for (const event of refused) {
      const error = valueAt(answer.body, 'pdus', event.eventId, 'error');
      assert.equal(typeof error, 'string', JSON.stringify(answer.body));
    }
  },
);

federationTest('an event that is rejected is no error', async (given) => {
  const { one } = given;
  const alice = await registerUser(one, 'rejecting');
  const bob = new PlayedUser(await given.newPeer(), 'bob');
  const roomId = await createRoom(alice, { preset: 'public_chat', room_version: '11' });
  const { eventId: joinId, body } = await bob.become(one, 'join', roomId);
  const version = roomVersion('11') ?? assert.fail();
  const state = listAt(body, 'state');
  const idOfType = (type: string): string =>
    idOf(
      state.find((event) => valueAt(event, 'type') === type),
      version,
    );
  const event = (type: string, more: JsonObject, parent: string) =>
    signEvent(bob.peer, version, {
      type,
      room_id: roomId,
      sender: bob.userId,
      depth: 99,
      origin_server_ts: Date.now(),
      auth_events: [...['m.room.create', 'm.room.power_levels'].map(idOfType), joinId],
      prev_events: [parent],
      ...more,
    });
  const topic = event('m.room.topic', { state_key: '', content: { topic: 'Mine' } }, joinId);
  const after = event('m.room.message', { content: { body: 'after' } }, topic.eventId);
  const target = '/_matrix/federation/v1/send/rejected';
  const pdus = { pdus: [topic.pdu, after.pdu] };
  const answer = await bob.peer.request(one.serverName, 'PUT', target, { body: pdus });
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.body, { pdus: { [topic.eventId]: {}, [after.eventId]: {} } });
  await untilTexts(alice, roomId, ['after']);
  const path = pathOf`/_matrix/client/v3/rooms/${roomId}/state/m.room.topic`;
  assertRefused(await alice.request('GET', path), 404, 'M_NOT_FOUND');
});
