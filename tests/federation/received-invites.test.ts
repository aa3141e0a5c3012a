import assert from 'node:assert/strict';

import type { JsonObject } from '@soma/protocol';

import { pathOf } from '../harness/api.ts';
import { registerUser, sync } from '../harness/client.ts';
import type { TestUser } from '../harness/client.ts';
import type { FederatedServer } from '../harness/federation.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import type { TestPeer } from '../harness/peer.ts';
import { assertRefused, federationTests } from './federation-test.ts';
import { buildInvite, sendInvite } from './played-invite.ts';
import { PlayedRefusal, PlayedRoom, playRooms } from './played-room.ts';
import type { PlayedEvent } from './played-room.ts';

const test = federationTests();
const v3 = '/_matrix/client/v3';

async function invite(
  server: FederatedServer,
  room: PlayedRoom,
  userId: string,
): Promise<PlayedEvent> {
  const event = buildInvite(room, userId);
  const { status, body } = await sendInvite(server, room, event);
  assert.equal(status, 200, JSON.stringify(body));
  room.place(event);
  return event;
}

async function roomIn(user: TestUser, section: string, roomId: string, since?: string) {
  const { body, nextBatch } = await sync(user, since === undefined ? {} : { since });
  return { room: valueAt(body, 'rooms', section, roomId), nextBatch };
}

async function slidingRoom(user: TestUser, roomId: string): Promise<unknown> {
  const path = '/_matrix/client/unstable/org.matrix.simplified_msc3575/sync';
  const lists = { all: { ranges: [[0, 10]], timeline_limit: 5, required_state: [] } };
  const { status, body } = await user.request('POST', path, { body: { lists } });
  assert.equal(status, 200, JSON.stringify(body));
  return valueAt(body, 'rooms', roomId);
}

for (const version of ['1', '6', '11', '12']) {
  test(`a user is invited from another server, in room version ${version}`, async ({
    one,
    newPeer,
  }) => {
    const peer = await newPeer();
    const room = new PlayedRoom(peer, { version, state: { 'm.room.name': { name: 'Played' } } });
    const alice = await registerUser(one, `invited${version}`);
    const { nextBatch } = await sync(alice);
    const event = buildInvite(room, alice.userId, { is_direct: true, displayname: 'Alice' });
    const answer = await sendInvite(one, room, event);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    const { signatures, ...rest } = event.pdu;
    const { signatures: after, ...unchanged } = valueAt(answer.body, 'event') as JsonObject;
    assert.deepEqual(unchanged, rest);
    assert.deepEqual(
      Object.keys(after as JsonObject).toSorted(),
      [peer.serverName, one.serverName].toSorted(),
    );
    assert.deepEqual(valueAt(after, peer.serverName), signatures[peer.serverName]);
    for (const since of [undefined, nextBatch]) {
      const { room: invited } = await roomIn(alice, 'invite', room.roomId, since);
      const events = listAt(invited, 'invite_state', 'events') as JsonObject[];
      const types = events.map(({ type }) => type);
      assert.deepEqual(types, [
        'm.room.create',
        'm.room.name',
        'm.room.join_rules',
        'm.room.member',
      ]);
      assert.ok(
        events.slice(0, 3).every((each) => Object.keys(each).length === 4),
        'stripped',
      );
      assert.equal(valueAt(events[3], 'content', 'is_direct'), true);
    }
    const sliding = await slidingRoom(alice, room.roomId);
    assert.equal(valueAt(sliding, 'membership'), 'invite');
    assert.equal(valueAt(sliding, 'name'), 'Played');
    const old = await alice.request('GET', `${v3}/initialSync`);
    assert.equal(valueAt(listAt(old.body, 'rooms')[0], 'membership'), 'invite');
    // Once more, and nothing new is told.
    const { nextBatch: later } = await sync(alice);
    assert.equal((await sendInvite(one, room, event)).status, 200);
    assert.equal((await roomIn(alice, 'invite', room.roomId, later)).room, undefined);
  });
}

test('a room of version 1 may be told of by the older request', async ({ one, newPeer }) => {
  const room = new PlayedRoom(await newPeer(), { version: '2' });
  const alice = await registerUser(one, 'older');
  const event = buildInvite(room, alice.userId);
  const body: JsonObject = { ...event.pdu, unsigned: { invite_room_state: room.strippedState() } };
  const path = `/_matrix/federation/v1${pathOf`/invite/${room.roomId}/${event.eventId}`}`;
  const answer = await room.peer.request(one.serverName, 'PUT', path, { body });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.equal(valueAt(answer.body, '0'), 200);
  assert.ok(valueAt(answer.body, '1', 'event', 'signatures', one.serverName) !== undefined);
  const { room: invited } = await roomIn(alice, 'invite', room.roomId);
  assert.ok(listAt(invited, 'invite_state', 'events').length > 1);
});

test('nothing is signed that is no invitation of a user of this server by one of the other', async ({
  one,
  two,
  newPeer,
}) => {
  const peer = await newPeer();
  const room = new PlayedRoom(peer);
  const alice = await registerUser(one, 'unsigned');
  const event = buildInvite(room, alice.userId);
  const refusals: readonly (readonly [PlayedEvent, JsonObject?])[] = [
    [room.build('m.room.member', alice.userId, { membership: 'join' })],
    [room.build('m.room.member', undefined, { membership: 'invite' })],
    [room.build('m.room.message', alice.userId, { membership: 'invite' })],
    [room.build('m.room.member', `@bob:${two.serverName}`, { membership: 'invite' })],
    [room.build('m.room.member', alice.userId, { membership: 'invite' }, `@bob:${two.serverName}`)],
    [{ ...event, eventId: `${event.eventId.slice(0, -1)}x` }],
    [{ ...event, pdu: { ...event.pdu, content: { membership: 'invite', more: 1 } } }],
    [
      {
        ...event,
        pdu: {
          ...event.pdu,
          signatures: { [peer.serverName]: { [peer.key.keyId]: 'A'.repeat(86) } },
        },
      },
    ],
    [event, { event: { type: 'm.room.member' } }],
    [event, { invite_room_state: [] }],
    [event, { invite_room_state: room.strippedState() }],
    [event, { invite_room_state: new PlayedRoom(peer).inviteState() }],
  ];
  for (const [given, changes] of refusals) {
    assertRefused(await sendInvite(one, room, given, changes), 400, 'M_INVALID_PARAM');
  }
  const older = new PlayedRoom(peer, { version: '11' });
  assertRefused(await sendInvite(one, older, { ...event }), 400, 'M_INVALID_PARAM');
  const unknownVersion = await sendInvite(one, room, event, { room_version: 'org.example.99' });
  assertRefused(unknownVersion, 400, 'M_INCOMPATIBLE_ROOM_VERSION');
  assert.equal(valueAt(unknownVersion.body, 'room_version'), 'org.example.99');
  const nobody = buildInvite(room, `@nobody:${one.serverName}`);
  assertRefused(await sendInvite(one, room, nobody), 404, 'M_NOT_FOUND');
  assert.equal(valueAt((await sync(alice)).body, 'rooms', 'invite'), undefined);
});

test('a user who wants no invitations gets none, and an ignored one is not told', async ({
  one,
  newPeer,
}) => {
  const room = new PlayedRoom(await newPeer());
  const alice = await registerUser(one, 'blocking');
  const setData = async (type: string, body: JsonObject): Promise<void> => {
    const path = v3 + pathOf`/user/${alice.userId}/account_data/${type}`;
    assert.equal((await alice.request('PUT', path, { body })).status, 200);
  };
  await setData('m.invite_permission_config', { default_action: 'block' });
  assertRefused(
    await sendInvite(one, room, buildInvite(room, alice.userId)),
    403,
    'M_INVITE_BLOCKED',
  );
  await setData('m.invite_permission_config', {});
  await setData('m.ignored_user_list', { ignored_users: { [room.creatorId]: {} } });
  await invite(one, room, alice.userId);
  assert.equal((await roomIn(alice, 'invite', room.roomId)).room, undefined);
});

test('an invitation is rejected at the server that it came from', async ({ one, newPeer }) => {
  const room = new PlayedRoom(await newPeer());
  playRooms(room.peer, [room]);
  const alice = await registerUser(one, 'rejecting');
  await invite(one, room, alice.userId);
  const { nextBatch } = await sync(alice);
  const path = v3 + pathOf`/rooms/${room.roomId}/leave`;
  const left = await alice.request('POST', path, { body: { reason: 'no time' } });
  assert.equal(left.status, 200, JSON.stringify(left.body));
  assert.deepEqual(room.asked, ['make_leave', 'send_leave']);
  const last = room.events.at(-1)?.pdu;
  assert.deepEqual(last?.content, { membership: 'leave', reason: 'no time' });
  assert.equal(last?.sender, alice.userId);
  const { room: told } = await roomIn(alice, 'leave', room.roomId, nextBatch);
  const [event] = listAt(told, 'timeline', 'events');
  assert.deepEqual(valueAt(event, 'content'), { membership: 'leave', reason: 'no time' });
  assert.equal((await roomIn(alice, 'invite', room.roomId)).room, undefined);
  assert.equal(await slidingRoom(alice, room.roomId), undefined);
  assert.equal((await alice.request('POST', path)).status, 200);
  const forgotten = await alice.request('POST', v3 + pathOf`/rooms/${room.roomId}/forget`);
  assert.equal(forgotten.status, 200, JSON.stringify(forgotten.body));
  // Whoever is invited again is told so.
  await invite(one, room, alice.userId);
  assert.ok((await roomIn(alice, 'invite', room.roomId)).room !== undefined);
});

test('an invitation is rejected by writing the membership', async ({ one, newPeer }) => {
  const room = new PlayedRoom(await newPeer());
  playRooms(room.peer, [room]);
  const alice = await registerUser(one, 'writing');
  const target = v3 + pathOf`/rooms/${room.roomId}/state/m.room.member/${alice.userId}`;
  const put = (content: object) => alice.request('PUT', target, { body: content });
  assertRefused(await put({ membership: 'leave' }), 403, 'M_FORBIDDEN');
  await invite(one, room, alice.userId);
  const left = await put({ membership: 'leave', reason: 'no time' });
  assert.equal(left.status, 200, JSON.stringify(left.body));
  assert.deepEqual(room.asked, ['make_leave', 'send_leave']);
  const last = room.events.at(-1);
  assert.equal(valueAt(left.body, 'event_id'), last?.eventId);
  assert.deepEqual(last?.pdu.content, { membership: 'leave', reason: 'no time' });
  assert.equal((await roomIn(alice, 'invite', room.roomId)).room, undefined);
  assert.deepEqual((await put({ membership: 'leave' })).body, left.body);
});

test('an invitation is taken back by the server that it came from, and by no other', async ({
  one,
  newPeer,
}) => {
  const [room, stranger] = [new PlayedRoom(await newPeer()), await newPeer()];
  const alice = await registerUser(one, 'taken-back');
  await invite(one, room, alice.userId);
  const { nextBatch } = await sync(alice);
  let transactions = 0;
  const send = async (peer: TestPeer, pdu: JsonObject): Promise<void> => {
    const path = `/_matrix/federation/v1/send/${(transactions += 1)}`;
    const body = { origin: peer.serverName, origin_server_ts: Date.now(), pdus: [pdu] };
    assert.equal((await peer.request(one.serverName, 'PUT', path, { body })).status, 200);
  };
  const content = { membership: 'leave' };
  const others = `@other:${stranger.serverName}`;
  await send(stranger, room.buildAs(stranger, 'm.room.member', alice.userId, content, others).pdu);
  const own = room.build('m.room.member', alice.userId, content);
  await send(room.peer, { ...own.pdu, signatures: {} });
  await send(room.peer, room.build('m.room.message', alice.userId, content).pdu);
  assert.ok((await roomIn(alice, 'invite', room.roomId)).room !== undefined);
  await send(room.peer, own.pdu);
  assert.equal((await roomIn(alice, 'invite', room.roomId)).room, undefined);
  const { room: told } = await roomIn(alice, 'leave', room.roomId, nextBatch);
  assert.equal(valueAt(listAt(told, 'timeline', 'events')[0], 'sender'), room.creatorId);
});

test('an older server takes the rejection in the older form', async ({ one, newPeer }) => {
  const room = new PlayedRoom(await newPeer(), { version: '11' });
  const alice = await registerUser(one, 'olderform');
  playRooms(room.peer, [room]);
  const take = room.answers.leave;
  room.answers.leave = (event) => {
    if (room.asked.at(-1) === 'send_leave') throw new PlayedRefusal(404, 'M_UNRECOGNIZED');
    return take(event);
  };
  await invite(one, room, alice.userId);
  await alice.request('POST', v3 + pathOf`/rooms/${room.roomId}/leave`);
  assert.deepEqual(room.asked, ['make_leave', 'send_leave', 'send_leave v1']);
  assert.equal(room.events.at(-1)?.pdu.content['membership'], 'leave');
});

test('an invitation is over for its user where no server takes the rejection', async ({
  one,
  newPeer,
}) => {
  for (const version of ['2', '12']) {
    const room = new PlayedRoom(await newPeer(), { version });
    const alice = await registerUser(one, `retiring${version}`);
    await invite(one, room, alice.userId);
    const { nextBatch } = await sync(alice);
    await room.peer.close();
    const left = await alice.request('POST', v3 + pathOf`/rooms/${room.roomId}/leave`);
    assert.equal(left.status, 200, JSON.stringify(left.body));
    const { room: told } = await roomIn(alice, 'leave', room.roomId, nextBatch);
    assert.equal(listAt(told, 'timeline', 'events').length, 1);
    assert.equal((await roomIn(alice, 'invite', room.roomId)).room, undefined);
  }
});

test('no template is signed that is not the rejection', async ({ one, newPeer }) => {
  const room = new PlayedRoom(await newPeer(), { version: '11' });
  const alice = await registerUser(one, 'wary');
  const lies: readonly JsonObject[] = [
    { type: 'm.room.message' },
    { sender: room.creatorId },
    { state_key: room.creatorId },
    { room_id: '!other:example.org' },
    { content: { membership: 'join' } },
    { prev_events: [] },
    { auth_events: [1] },
    { depth: -1 },
  ];
  playRooms(room.peer, [room]);
  const { template } = room.answers;
  for (const lie of lies) {
    await invite(one, room, alice.userId);
    room.asked.length = 0;
    room.answers.template = (userId, membership) => {
      const answer = template(userId, membership) as JsonObject;
      return { ...answer, event: { ...(answer['event'] as JsonObject), ...lie } };
    };
    await alice.request('POST', v3 + pathOf`/rooms/${room.roomId}/leave`);
    assert.deepEqual(room.asked, ['make_leave'], JSON.stringify(lie));
  }
});

test('an account that ends rejects its invitations', async ({ one, newPeer }) => {
  const room = new PlayedRoom(await newPeer());
  playRooms(room.peer, [room]);
  const alice = await registerUser(one, 'ending');
  await invite(one, room, alice.userId);
  const auth = {
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user: alice.userId },
    password: 'correct horse battery staple',
  };
  const ended = await alice.request('POST', `${v3}/account/deactivate`, { body: { auth } });
  assert.equal(ended.status, 200, JSON.stringify(ended.body));
  assert.equal(room.events.at(-1)?.pdu.content['membership'], 'leave');
  assertRefused(await sendInvite(one, room, buildInvite(room, alice.userId)), 403, 'M_FORBIDDEN');
});

test('an invitation that the room itself does not know ends when another user joins', async ({
  one,
  newPeer,
}) => {
  const room = new PlayedRoom(await newPeer());
  playRooms(room.peer, [room]);
  const [alice, bob] = [await registerUser(one, 'knower'), await registerUser(one, 'unknown')];
  const event = buildInvite(room, bob.userId);
  assert.equal((await sendInvite(one, room, event)).status, 200);
  const invited = await roomIn(bob, 'invite', room.roomId);
  assert.ok(invited.room !== undefined);
  const path = v3 + pathOf`/join/${room.roomId}`;
  const query = { via: room.peer.serverName };
  const joined = await alice.request('POST', path, { body: {}, query });
  assert.equal(joined.status, 200, JSON.stringify(joined.body));
  const { room: left } = await roomIn(bob, 'leave', room.roomId, invited.nextBatch);
  assert.ok(left !== undefined);
  assert.equal((await roomIn(bob, 'invite', room.roomId)).room, undefined);
});
