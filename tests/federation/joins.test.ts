import assert from 'node:assert/strict';

import {
  isJsonObject,
  roomVersion,
  supportedRoomVersions,
  verifyJson,
  redactPdu,
  parsePdu,
} from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import { act, ok, readContent, roomPath } from '../client-server/requests.ts';
import { pathOf } from '../harness/api.ts';
import { createRoom, joinRoom, registerUser, sendText, sync } from '../harness/client.ts';
import type { FederatedServer } from '../harness/federation.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { signingKeyOf, verifySignature } from '../harness/signing-key.ts';
import { assertRefused, federationTests } from './federation-test.ts';
import { PlayedUser, idOf, signEvent } from './played-user.ts';
import { recordTransactions } from './transaction-record.ts';

const test = federationTests();

const open = { preset: 'public_chat' };

function typesOf(events: readonly unknown[]): string[] {
  return events.map((event) => textAt(event, 'type')).toSorted();
}

/** Whether a server under test has signed an event. */
function isSignedBy(event: unknown, server: FederatedServer, versionId: string): boolean {
  const version = roomVersion(versionId);
  assert.ok(version !== undefined);
  const parsed = parsePdu(event, version);
  assert.ok(parsed.ok);
  const key = signingKeyOf(server);
  const redacted: JsonObject = { ...redactPdu(parsed.pdu, version) };
  const publicKeyOf = (): string => key.publicKey;
  return verifyJson(redacted, server.serverName, publicKeyOf, verifySignature).valid;
}

test('a user of another server joins, and those in the room see it, in every room version', async ({
  one,
  newPeer,
}) => {
  const alice = await registerUser(one, 'resident');
  const bob = new PlayedUser(await newPeer(), 'bob');
  for (const versionId of supportedRoomVersions()) {
    const version = roomVersion(versionId);
    assert.ok(version !== undefined);
    const roomId = await createRoom(alice, { ...open, room_version: versionId });
    await sendText(alice, roomId, 'before');
    const { nextBatch: since } = await sync(alice);
    const { eventId, body } = await bob.become(one, 'join', roomId);
    const state = listAt(body, 'state');
    assert.ok(typesOf(state).includes('m.room.create'));
    assert.equal(typesOf(state).filter((type) => type === 'm.room.member').length, 1);
    const known = new Set(listAt(body, 'auth_chain').map((event) => idOf(event, version)));
    for (const event of state) {
      assert.ok(isJsonObject(event));
      for (const id of listAt(event, 'auth_events')) {
        assert.ok(
          known.has(Array.isArray(id) ? String(id[0]) : String(id)),
          'authorised by what is there',
        );
      }
    }
    assert.equal(valueAt(body, 'members_omitted'), false);
    assert.equal(idOf(valueAt(body, 'event'), version), eventId);
    assert.ok(isSignedBy(valueAt(body, 'event'), one, versionId), 'the resident has signed');

    const seen = await sync(alice, { since });
    const timeline = listAt(seen.body, 'rooms', 'join', roomId, 'timeline', 'events');
    assert.deepEqual(
      timeline.map((event) => valueAt(event, 'event_id')),
      [eventId],
    );
    const member = await readContent(alice, roomId, 'm.room.member', bob.userId);
    assert.equal(valueAt(member, 'membership'), 'join');
    const members = await ok(alice, 'GET', roomPath(roomId, 'members'));
    assert.ok(listAt(members, 'chunk').some((event) => valueAt(event, 'state_key') === bob.userId));
    await sendText(alice, roomId, 'after');
  }
});

test('a join repeated is answered again, and a version 1 answer is a pair', async ({
  one,
  newPeer,
}) => {
  const alice = await registerUser(one, 'again');
  const bob = new PlayedUser(await newPeer(), 'bob');
  const roomId = await createRoom(alice, open);
  const event = await bob.signed(one, 'join', roomId);
  for (let count = 0; count < 2; count += 1) {
    const { status, body } = await bob.send(one, 'join', roomId, event);
    assert.equal(status, 200, JSON.stringify(body));
  }
  const carol = new PlayedUser(bob.peer, 'carol');
  const other = await carol.signed(one, 'join', roomId);
  const path = `/_matrix/federation/v1${pathOf`/send_join/${roomId}/${other.eventId}`}`;
  const { status, body } = await bob.peer.request(one.serverName, 'PUT', path, { body: other.pdu });
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(valueAt(body, 0), 200);
  assert.ok(listAt(body, 1, 'state').length > 5);
});

test('a server that can wait for the members gets the room without them', async ({
  one,
  newPeer,
}) => {
  const alice = await registerUser(one, 'faster');
  const dan = await registerUser(one, 'dan');
  const peer = await newPeer();
  const bob = new PlayedUser(peer, 'bob');
  const named = await createRoom(alice, { ...open, name: 'Hall' });
  const nameless = await createRoom(alice, open);
  for (const roomId of [named, nameless]) await joinRoom(dan, roomId);
  const join = async (user: PlayedUser, roomId: string): Promise<unknown> =>
    (await user.become(one, 'join', roomId, '?omit_members=true')).body;
  const hall = await join(bob, named);
  assert.equal(valueAt(hall, 'members_omitted'), true);
  assert.deepEqual(valueAt(hall, 'servers_in_room'), [one.serverName]);
  assert.ok(!typesOf(listAt(hall, 'state')).includes('m.room.member'));
  const chain = listAt(hall, 'auth_chain').map((event) => textAt(event, 'state_key'));
  assert.deepEqual(chain, [alice.userId], 'what is in the state is not repeated');
  const carol = new PlayedUser(peer, 'carol');
  const again = await join(carol, named);
  assert.deepEqual(
    listAt(again, 'servers_in_room').map(String).toSorted(),
    [one.serverName, peer.serverName].toSorted(),
  );

  const room = await join(bob, nameless);
  const members = listAt(room, 'state').filter(
    (event) => textAt(event, 'type') === 'm.room.member',
  );
  assert.deepEqual(
    members.map((event) => textAt(event, 'state_key')).toSorted(),
    [alice.userId, dan.userId].toSorted(),
    'those whom the room is called by',
  );
});

test('the other servers in the room get the join, but not the one that has made it', async ({
  one,
  newPeer,
}) => {
  const alice = await registerUser(one, 'relays');
  const carol = new PlayedUser(await newPeer(), 'carol');
  const bob = new PlayedUser(await newPeer(), 'bob');
  const [toCarol, toBob] = [recordTransactions(carol.peer), recordTransactions(bob.peer)];
  const roomId = await createRoom(alice, { ...open, room_version: '11' });
  await carol.become(one, 'join', roomId);
  const joined = await bob.become(one, 'join', roomId);
  const said = await sendText(alice, roomId, 'after');
  const version = roomVersion('11') ?? assert.fail();
  const idsOf = (events: readonly unknown[]): string[] => events.map((each) => idOf(each, version));
  assert.deepEqual(idsOf(await toCarol.untilPdus(2)), [joined.eventId, said]);
  assert.deepEqual(idsOf(await toBob.untilPdus(1)), [said]);
});

test('what is no join of the server that sends it is refused, and changes nothing', async ({
  one,
  two,
  newPeer,
}) => {
  const alice = await registerUser(one, 'strict');
  const bob = new PlayedUser(await newPeer(), 'bob');
  const mallory = new PlayedUser(await newPeer(), 'mallory');
  const roomId = await createRoom(alice, open);
  const elsewhere = await createRoom(alice, open);
  const version = roomVersion('10') ?? assert.fail();
  const oldRoom = await createRoom(alice, { ...open, room_version: '10' });
  const forged = async (changes: JsonObject, room = roomId): Promise<void> => {
    const event = await bob.signed(one, 'join', room, changes);
    assertRefused(await bob.send(one, 'join', room, event), 400, 'M_INVALID_PARAM');
  };
  await forged({ type: 'm.room.message' });
  await forged({ content: { membership: 'leave' } });
  await forged({ content: { membership: 'invite' } });
  await forged({ sender: mallory.userId });
  await forged({ state_key: alice.userId });
  await forged({ room_id: elsewhere });
  await forged({ prev_events: ['$unknown'] }, oldRoom);
  const good = await bob.signed(one, 'join', roomId);
  const wrongId = { ...good, eventId: `${good.eventId}x` };
  assertRefused(await bob.send(one, 'join', roomId, wrongId), 400, 'M_INVALID_PARAM');
  assertRefused(await mallory.send(one, 'join', roomId, good), 400, 'M_INVALID_PARAM');
  const template = valueAt((await bob.make(one, 'join', oldRoom)).body, 'event');
  assert.ok(isJsonObject(template));
  const stranger = { serverName: bob.peer.serverName, key: mallory.peer.key };
  const misSigned = signEvent(stranger, version, template);
  assertRefused(await bob.send(one, 'join', oldRoom, misSigned), 400, 'M_INVALID_PARAM');
  const signedByTwo = signEvent(
    { serverName: two.serverName, key: signingKeyOf(two) },
    version,
    template,
  );
  assertRefused(await bob.send(one, 'join', oldRoom, signedByTwo), 400, 'M_INVALID_PARAM');
  const { status } = await bob.send(one, 'join', roomId, { eventId: '$x', pdu: { a: 1 } });
  assert.equal(status, 400);
  const reason = 'x'.repeat(66_000);
  const large = { eventId: '$x', pdu: { ...good.pdu, content: { membership: 'join', reason } } };
  assertRefused(await bob.send(one, 'join', roomId, large), 413, 'M_TOO_LARGE');
  const huge = { eventId: '$x', pdu: { a: 'x'.repeat(300_000) } };
  assertRefused(await bob.send(one, 'join', roomId, huge), 413, 'M_TOO_LARGE');
  const absent = { eventId: '$x', pdu: {} };
  assertRefused(await bob.send(one, 'join', `!no:${one.serverName}`, absent), 404, 'M_NOT_FOUND');
  for (const room of [roomId, oldRoom]) {
    const members = await ok(alice, 'GET', roomPath(room, 'members'));
    assert.equal(listAt(members, 'chunk').length, 1);
  }
});

test('who is banned after the template was given does not get in', async ({ one, newPeer }) => {
  const alice = await registerUser(one, 'banner');
  const bob = new PlayedUser(await newPeer(), 'bob');
  const roomId = await createRoom(alice, open);
  const event = await bob.signed(one, 'join', roomId);
  await act(alice, roomId, 'ban', { user_id: bob.userId });
  assertRefused(await bob.send(one, 'join', roomId, event), 403, 'M_FORBIDDEN');
  const member = await readContent(alice, roomId, 'm.room.member', bob.userId);
  assert.equal(valueAt(member, 'membership'), 'ban');
});

test('a user of another server leaves, takes an invitation and refuses one', async ({
  one,
  newPeer,
}) => {
  const alice = await registerUser(one, 'leaves');
  const bob = new PlayedUser(await newPeer(), 'bob');
  const roomId = await createRoom(alice, open);
  const membership = async (): Promise<unknown> =>
    valueAt(await readContent(alice, roomId, 'm.room.member', bob.userId), 'membership');
  await bob.become(one, 'join', roomId);
  assert.equal(await membership(), 'join');
  const left = await bob.become(one, 'leave', roomId);
  assert.deepEqual(left.body, {});
  assert.equal(await membership(), 'leave');
  const event = await bob.signed(one, 'join', roomId);
  assertRefused(await bob.send(one, 'leave', roomId, event), 400, 'M_INVALID_PARAM');
  await bob.become(one, 'join', roomId);
  const v1 = await bob.signed(one, 'leave', roomId);
  const path = `/_matrix/federation/v1${pathOf`/send_leave/${roomId}/${v1.eventId}`}`;
  const { body } = await bob.peer.request(one.serverName, 'PUT', path, { body: v1.pdu });
  assert.deepEqual(body, [200, {}]);
});

test('a user of another server knocks, and is shown what the room is', async ({ one, newPeer }) => {
  const alice = await registerUser(one, 'knocked');
  const bob = new PlayedUser(await newPeer(), 'bob');
  const initial_state = [{ type: 'm.room.join_rules', content: { join_rule: 'knock' } }];
  const room = { name: 'Behind the door', room_version: '12', initial_state };
  const roomId = await createRoom(alice, room);
  assertRefused(await bob.make(one, 'join', roomId), 403, 'M_FORBIDDEN');
  const { body } = await bob.become(one, 'knock', roomId);
  const state = listAt(body, 'knock_room_state');
  assert.ok(typesOf(state).includes('m.room.create'));
  assert.ok(typesOf(state).includes('m.room.name'));
  for (const event of state)
    assert.ok(isSignedBy(event, one, '12'), 'events of the room, not stripped ones');
  const member = await readContent(alice, roomId, 'm.room.member', bob.userId);
  assert.equal(valueAt(member, 'membership'), 'knock');
  await bob.become(one, 'leave', roomId);
  const join = await bob.signed(one, 'knock', roomId, { content: { membership: 'join' } });
  assertRefused(await bob.send(one, 'knock', roomId, join), 400, 'M_INVALID_PARAM');
});

test('members of one room are let into another that says so, in the name of a user who may invite', async ({
  one,
  newPeer,
}) => {
  const alice = await registerUser(one, 'usher');
  const peer = await newPeer();
  const bob = new PlayedUser(peer, 'bob');
  const lobby = await createRoom(alice, open);
  const restricted = (roomIds: readonly string[], more: object = {}): Promise<string> =>
    createRoom(alice, {
      initial_state: [
        {
          type: 'm.room.join_rules',
          content: {
            join_rule: 'restricted',
            allow: roomIds.map((room_id) => ({ type: 'm.room_membership', room_id })),
          },
        },
      ],
      ...more,
    });
  const hall = await restricted([lobby], { room_version: '10' });
  const beside = await restricted([lobby, `!unknown:${peer.serverName}`]);
  assertRefused(await bob.make(one, 'join', hall), 403, 'M_FORBIDDEN');
  assertRefused(await bob.make(one, 'join', beside), 400, 'M_UNABLE_TO_AUTHORISE_JOIN');
  const withoutConditions = await restricted([]);
  assertRefused(await bob.make(one, 'join', withoutConditions), 403, 'M_FORBIDDEN');

  await bob.become(one, 'join', lobby);
  const event = await bob.signed(one, 'join', hall);
  assert.equal(valueAt(event.pdu, 'content', 'join_authorised_via_users_server'), alice.userId);
  const answer = await bob.send(one, 'join', hall, event);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.ok(isSignedBy(valueAt(answer.body, 'event'), one, '10'));
  const { body } = await bob.become(one, 'join', beside);
  assert.ok(isJsonObject(valueAt(body, 'event')));

  const carol = new PlayedUser(peer, 'carol');
  const sneaked = await carol
    .make(one, 'join', lobby)
    .then(({ body: made }) => valueAt(made, 'event', 'content'));
  assert.deepEqual(sneaked, { membership: 'join' });
  const authorised = { membership: 'join', join_authorised_via_users_server: alice.userId };
  const forged = await bob.signed(one, 'join', hall, {
    sender: carol.userId,
    state_key: carol.userId,
    content: authorised,
  });
  assertRefused(await carol.send(one, 'join', hall, forged), 403, 'M_FORBIDDEN');
  const elsewhere = await bob.signed(one, 'join', hall, {
    content: { ...authorised, join_authorised_via_users_server: `@x:${peer.serverName}` },
  });
  assertRefused(await bob.send(one, 'join', hall, elsewhere), 400, 'M_INVALID_PARAM');

  const mute = await restricted([lobby], {
    power_level_content_override: { invite: 101 },
    room_version: '10',
  });
  assertRefused(await bob.make(one, 'join', mute), 400, 'M_UNABLE_TO_GRANT_JOIN');
});
