import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import type { JsonObject } from '@soma/protocol';

import { createRoom, registerUser, sendText, sync, type TestUser } from '../harness/client.ts';
import type { FederatedServer } from '../harness/federation.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import type { TestPeer } from '../harness/peer.ts';
import { federationTests } from './federation-test.ts';
import { PlayedUser } from './played-user.ts';

// What servers send in fact, a little beside the specification.
const test = federationTests({ allow_public_rooms_over_federation: true });
const v1 = '/_matrix/federation/v1';

interface Guest {
  readonly alice: TestUser;
  readonly bob: PlayedUser;
  readonly peer: TestPeer;
  readonly roomId: string;
  /** A message of the room. */
  readonly eventId: string;
}

/** A room of alice's that a played user has joined. */
async function guestIn(one: FederatedServer, peer: TestPeer, localpart: string): Promise<Guest> {
  const alice = await registerUser(one, localpart);
  const bob = new PlayedUser(peer, 'bob');
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await bob.become(one, 'join', roomId);
  return { alice, bob, peer, roomId, eventId: await sendText(alice, roomId, 'hello') };
}

async function sendEdu(
  one: FederatedServer,
  peer: TestPeer,
  type: string,
  content: JsonObject,
): Promise<void> {
  const body = { edus: [{ edu_type: type, content }] };
  const answer = await peer.request(one.serverName, 'PUT', `${v1}/send/${randomUUID()}`, { body });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
}

test('old servers end the path of some requests with a slash', async ({ one, newPeer }) => {
  const { peer, roomId, eventId } = await guestIn(one, await newPeer(), 'slashed');
  const [room, event] = [encodeURIComponent(roomId), encodeURIComponent(eventId)];
  for (const target of [
    `${v1}/event/${event}/`,
    `${v1}/state/${room}/?event_id=${event}`,
    `${v1}/state_ids/${room}/?event_id=${event}`,
    `${v1}/backfill/${room}/?limit=1&v=${event}`,
  ]) {
    const { status, body } = await peer.request(one.serverName, 'GET', target);
    assert.equal(status, 200, `${target} ${JSON.stringify(body)}`);
  }
  const body = { origin: peer.serverName, origin_server_ts: 1, pdus: [] };
  const sent = await peer.request(one.serverName, 'PUT', `${v1}/send/${randomUUID()}/`, { body });
  assert.deepEqual([sent.status, sent.body], [200, { pdus: {} }]);
});

test('of an EDU about several users what is malformed is left out alone', async (given) => {
  const { alice, bob, peer, roomId, eventId } = await guestIn(
    given.one,
    await given.newPeer(),
    'several',
  );
  const presence = { user_id: bob.userId, presence: 'online', last_active_ago: 1 };
  const busy = { ...presence, user_id: `@busy:${peer.serverName}` };
  await sendEdu(given.one, peer, 'm.presence', {
    push: [
      { ...busy, presence: 'org.matrix.msc3026.busy' },
      { ...busy, presence: 7 },
      null,
      { ...presence, status_msg: 'here', currently_active: null },
    ],
  });
  await sendEdu(given.one, peer, 'm.receipt', {
    [roomId]: {
      'm.read': {
        [bob.userId]: { event_ids: [eventId], data: { ts: 5, thread_id: null } },
        [busy.user_id]: { event_ids: [], data: {} },
      },
      'm.read.private': 7,
    },
    [`!other:${peer.serverName}`]: null,
  });
  const { body } = await sync(alice);
  const told = listAt(body, 'presence', 'events').find(
    (event) => valueAt(event, 'sender') === bob.userId,
  );
  assert.equal(valueAt(told, 'content', 'status_msg'), 'here');
  const ephemeral = listAt(body, 'rooms', 'join', roomId, 'ephemeral', 'events');
  const receipts = ephemeral.find((event) => valueAt(event, 'type') === 'm.receipt');
  assert.deepEqual(valueAt(receipts, 'content', eventId, 'm.read', bob.userId), { ts: 5 });
});

test('null stands for what is left out', async ({ one, newPeer }) => {
  const peer = await newPeer();
  const alice = await registerUser(one, 'nulled');
  const post = async (target: string, body: JsonObject): Promise<unknown> => {
    const answer = await peer.request(one.serverName, 'POST', v1 + target, { body });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  };
  const filter = { generic_search_term: null, room_types: null };
  await post('/publicRooms', { limit: 1, since: null, filter, third_party_instance_id: null });
  await post('/publicRooms', { limit: null, filter: null, include_all_networks: null });
  const keys = await post('/user/keys/query', { device_keys: { [alice.userId]: null } });
  assert.deepEqual(valueAt(keys, 'device_keys', alice.userId), {});
});
