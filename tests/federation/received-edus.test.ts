import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import type { JsonObject, JsonValue } from '@soma/protocol';

import { pathOf, type Response } from '../harness/api.ts';
import { createRoom, registerUser, sendState, sendText, sync } from '../harness/client.ts';
import type { TestUser } from '../harness/client.ts';
import type { FederatedServer } from '../harness/federation.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { federationTests } from './federation-test.ts';
import { PlayedUser } from './played-user.ts';

const test = federationTests();

async function send(
  server: FederatedServer,
  { peer }: PlayedUser,
  edus: readonly (readonly [type: string, content: JsonValue])[],
): Promise<Response> {
  const body: JsonObject = {
    origin: peer.serverName,
    origin_server_ts: Date.now(),
    pdus: [],
    edus: edus.map(([type, content]) => ({ edu_type: type, content })),
  };
  const path = `/_matrix/federation/v1/send/${randomUUID()}`;
  const answer = await peer.request(server.serverName, 'PUT', path, { body });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer;
}

interface Malformed {
  readonly roomId: string;
  readonly eventId: string;
  readonly userId: string;
  /** Who would get messages to devices. */
  readonly target: TestUser;
}

/** EDUs of each type that lack something, or have it in another shape. */
function malformedEdus({ roomId, eventId, userId, target }: Malformed) {
  const typing = { room_id: roomId, user_id: userId, typing: true };
  const receipt = { event_ids: [eventId], data: { ts: 9 } };
  const read = (value: JsonValue) => ({ [roomId]: { 'm.read': { [userId]: value } } });
  const presence = { user_id: userId, presence: 'online', status_msg: 'wrong' };
  const messages = { [target.userId]: { [target.deviceId]: { text: 'malformed' } } };
  const message = { sender: userId, type: 'org.example.note', message_id: 'wrong', messages };
  const update = { user_id: userId, device_id: 'A', stream_id: 1, prev_id: [] };
  const contents: Readonly<Record<string, readonly JsonValue[]>> = {
    'm.typing': [
      { ...typing, typing: 'yes' },
      { ...typing, room_id: 7 },
      { ...typing, user_id: [userId] },
      { room_id: roomId, typing: true },
    ],
    'm.receipt': [
      { [roomId]: 7 },
      { [roomId]: { 'm.read': [] } },
      { [roomId]: { 'm.read.private': { [userId]: receipt } } },
      read({ ...receipt, event_ids: eventId }),
      read({ ...receipt, event_ids: [] }),
      read({ ...receipt, event_ids: [7] }),
      read({ event_ids: [eventId] }),
      read({ ...receipt, data: { ts: 'now' } }),
      read({ ...receipt, data: { ts: 9, thread_id: 7 } }),
    ],
    'm.presence': [
      presence,
      { push: presence },
      {
        push: [
          { ...presence, presence: 'away' },
          { ...presence, status_msg: 7 },
        ],
      },
      {
        push: [
          { ...presence, user_id: 7 },
          { ...presence, last_active_ago: 'long' },
        ],
      },
    ],
    'm.direct_to_device': [
      { ...message, sender: 7 },
      { ...message, type: null },
      { ...message, message_id: 7 },
      { ...message, messages: [] },
      { ...message, messages: { [target.userId]: { [target.deviceId]: 'text' } } },
      { sender: userId, type: 'org.example.note', messages },
    ],
    'm.device_list_update': [
      { ...update, user_id: 7 },
      { ...update, device_id: 7 },
      { ...update, stream_id: '1' },
      { ...update, prev_id: '0' },
      { ...update, keys: 'none' },
      { ...update, deleted: 'yes' },
      { user_id: userId, device_id: 'A' },
    ],
    'm.signing_key_update': [
      { user_id: 7, master_key: {} },
      { user_id: userId, master_key: 'text' },
      { user_id: userId, master_key: {} },
      { master_key: {} },
    ],
  };
  return Object.entries(contents).flatMap(([type, ofType]) =>
    [null, 7, 'text', [], {}, ...ofType].map((content) => [type, content] as const),
  );
}

/** The content of what is not stored in the room, by its type. */
async function ephemeralIn(user: TestUser, roomId: string, type: string): Promise<unknown> {
  const events = listAt(
    (await sync(user)).body,
    ...['rooms', 'join', roomId, 'ephemeral', 'events'],
  );
  return valueAt(
    events.find((event) => valueAt(event, 'type') === type),
    'content',
  );
}

test('typing, receipts and presence of a user of another server are seen', async (given) => {
  const { one } = given;
  const [alice, bob] = [
    await registerUser(one, 'seer'),
    new PlayedUser(await given.newPeer(), 'bob'),
  ];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await bob.become(one, 'join', roomId);
  const eventId = await sendText(alice, roomId, 'read this');
  const { userId } = bob;
  const receipt = { event_ids: [eventId], data: { ts: 1_700_000_000_000 } };
  const presence = { user_id: userId, presence: 'unavailable', last_active_ago: 1 };
  await send(one, bob, [
    ['m.typing', { room_id: roomId, user_id: userId, typing: true }],
    // Nobody speaks for users of another server.
    ['m.typing', { room_id: roomId, user_id: alice.userId, typing: true }],
    ['m.receipt', { [roomId]: { 'm.read': { [userId]: receipt } } }],
    ['m.presence', { push: [{ ...presence, status_msg: 'at tea' }] }],
    ['m.presence', { push: [{ ...presence, user_id: alice.userId, status_msg: 'forged' }] }],
    ['org.example.unknown', {}],
  ]);
  assert.deepEqual(listAt(await ephemeralIn(alice, roomId, 'm.typing'), 'user_ids'), [userId]);
  const receipts = await ephemeralIn(alice, roomId, 'm.receipt');
  assert.deepEqual(valueAt(receipts, eventId, 'm.read', userId), { ts: 1_700_000_000_000 });
  const told = listAt((await sync(alice)).body, 'presence', 'events');
  const ofBob = told.find((event) => valueAt(event, 'sender') === userId);
  assert.equal(valueAt(ofBob, 'content', 'status_msg'), 'at tea');
  assert.ok(told.every((event) => valueAt(event, 'content', 'status_msg') !== 'forged'));
  await send(one, bob, [['m.typing', { room_id: roomId, user_id: userId, typing: false }]]);
  assert.equal(await ephemeralIn(alice, roomId, 'm.typing'), undefined);
});

test('of a server that the ACL denies neither events nor EDUs of the room are taken', async (given) => {
  const { one } = given;
  const [alice, bob] = [
    await registerUser(one, 'denying'),
    new PlayedUser(await given.newPeer(), 'bob'),
  ];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await bob.become(one, 'join', roomId);
  const leave = await bob.signed(one, 'leave', roomId);
  const acl = { allow: ['*'], deny: ['127.*'], allow_ip_literals: true };
  const eventId = await sendState(alice, roomId, 'm.room.server_acl', '', acl);
  const { userId, peer } = bob;
  const receipt = { event_ids: [eventId], data: { ts: 1 } };
  await send(one, bob, [
    ['m.typing', { room_id: roomId, user_id: userId, typing: true }],
    ['m.receipt', { [roomId]: { 'm.read': { [userId]: receipt } } }],
  ]);
  assert.equal(await ephemeralIn(alice, roomId, 'm.typing'), undefined);
  const receipts = await ephemeralIn(alice, roomId, 'm.receipt');
  assert.equal(valueAt(receipts, eventId, 'm.read', userId), undefined);
  const body = { origin: peer.serverName, origin_server_ts: 1, pdus: [leave.pdu], edus: [] };
  const path = `/_matrix/federation/v1/send/${randomUUID()}`;
  const answer = await peer.request(one.serverName, 'PUT', path, { body });
  assert.equal(typeof valueAt(answer.body, 'pdus', leave.eventId, 'error'), 'string');
  const joined = pathOf`/_matrix/client/v3/rooms/${roomId}/joined_members`;
  const members = valueAt((await alice.request('GET', joined)).body, 'joined');
  assert.ok(valueAt(members, userId) !== undefined);
});

test('what is malformed is left out alone, whatever its type', async (given) => {
  const { one } = given;
  const [alice, bob] = [
    await registerUser(one, 'unharmed'),
    new PlayedUser(await given.newPeer(), 'bob'),
  ];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await bob.become(one, 'join', roomId);
  const eventId = await sendText(alice, roomId, 'read this');
  const { userId } = bob;
  const malformed = malformedEdus({ roomId, eventId, userId, target: alice });
  const data = { ts: 5, thread_id: 'main' };
  const note = { [alice.userId]: { [alice.deviceId]: { text: 'well-formed' } } };
  const message = { sender: userId, type: 'org.example.note', message_id: 'right', messages: note };
  for (const edus of [malformed, malformed.toReversed()]) {
    await send(one, bob, [
      ...edus,
      ['m.typing', { room_id: roomId, user_id: userId, typing: true }],
      [
        'm.receipt',
        {
          '!elsewhere:example.org': { 'm.read': { [userId]: { event_ids: [eventId], data } } },
          [roomId]: { 'm.read': { [userId]: { event_ids: [eventId], data }, broken: 7 } },
        },
      ],
      ['m.presence', { push: [7, { user_id: userId, presence: 'online', status_msg: 'right' }] }],
      ['m.direct_to_device', message],
    ]);
    assert.deepEqual(listAt(await ephemeralIn(alice, roomId, 'm.typing'), 'user_ids'), [userId]);
    const receipts = await ephemeralIn(alice, roomId, 'm.receipt');
    assert.deepEqual(receipts, { [eventId]: { 'm.read': { [userId]: data } } });
    const { body } = await sync(alice);
    const texts = listAt(body, 'to_device', 'events').map((each) => {
      return valueAt(each, 'content', 'text');
    });
    assert.deepEqual(texts, ['well-formed']);
    const told = listAt(body, 'presence', 'events').find((event) => {
      return valueAt(event, 'sender') === userId;
    });
    assert.equal(valueAt(told, 'content', 'status_msg'), 'right');
    assert.equal(valueAt(told, 'content', 'presence'), 'online');
  }
  assert.ok(!one.logs().includes('was not received'));
  assert.deepEqual(
    bob.peer.asked.filter((each) => each.includes('/user/')),
    [],
    'nothing of it is about devices',
  );
});

test('a message to a device that comes again after kill -9 is given once', async (given) => {
  const { one } = given;
  const [alice, bob] = [
    await registerUser(one, 'once'),
    new PlayedUser(await given.newPeer(), 'bob'),
  ];
  const message = {
    sender: bob.userId,
    type: 'org.example.note',
    message_id: randomUUID(),
    messages: { [alice.userId]: { [alice.deviceId]: { text: 'only once' } } },
  };
  await send(one, bob, [['m.direct_to_device', message]]);
  await one.kill();
  await one.restart();
  await send(one, bob, [['m.direct_to_device', message]]);
  const { body, nextBatch } = await sync(alice);
  const texts = listAt(body, 'to_device', 'events').map((each) => valueAt(each, 'content', 'text'));
  assert.deepEqual(texts, ['only once']);
  await send(one, bob, [['m.direct_to_device', message]]);
  const later = await sync(alice, { since: nextBatch });
  assert.deepEqual(listAt(later.body, 'to_device', 'events'), []);
});
