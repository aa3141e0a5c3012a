import assert from 'node:assert/strict';

import { eventIdOf, parsePdu, prevEventIds } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import { pathOf } from '../harness/api.ts';
import { inviteUser, joinRoom, registerUser, sendText, sync } from '../harness/client.ts';
import type { TestUser } from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { until } from '../harness/until.ts';
import { assertRefused, federationTests } from './federation-test.ts';
import { PlayedRefusal, PlayedRoom, playRooms, reply, textOf } from './played-room.ts';

const test = federationTests();
const v3 = '/_matrix/client/v3';

function join(user: TestUser, roomIdOrAlias: string, via: readonly string[] = []) {
  const query = new URLSearchParams(via.map((server): [string, string] => ['via', server]));
  const path = `${v3}${pathOf`/join/${roomIdOrAlias}`}?${query.toString()}`;
  return user.request('POST', path, { body: {} });
}

async function memberIds(user: TestUser, roomId: string): Promise<string[]> {
  const path = v3 + pathOf`/rooms/${roomId}/joined_members`;
  const { status, body } = await user.request('GET', path);
  assert.equal(status, 200, JSON.stringify(body));
  return Object.keys(valueAt(body, 'joined') as object).toSorted();
}

for (const version of ['1', '3', '6', '10', '12']) {
  test(`a user joins a room of another server, of version ${version}`, async ({ one, newPeer }) => {
    const peer = await newPeer();
    const state = { 'm.room.name': { name: 'Over there' } };
    const room = new PlayedRoom(peer, { version, state });
    playRooms(peer, [room]);
    const alice = await registerUser(one, `joiner${version}`);
    const { nextBatch } = await sync(alice);
    const { status, body } = await join(alice, room.roomId, [peer.serverName]);
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(body, { room_id: room.roomId });
    assert.deepEqual(room.asked, ['make_join', 'send_join']);
    const sent = room.events.at(-1)?.pdu.content;
    assert.deepEqual(sent, { membership: 'join', displayname: `joiner${version}` });
    for (const since of [undefined, nextBatch]) {
      const told = (await sync(alice, since === undefined ? {} : { since })).body;
      const joined = valueAt(told, 'rooms', 'join', room.roomId);
      const events = [
        ...listAt(joined, 'state', 'events'),
        ...listAt(joined, 'timeline', 'events'),
      ];
      assert.ok(events.some((event) => valueAt(event, 'content', 'name') === 'Over there'));
      assert.ok(events.some((event) => valueAt(event, 'state_key') === alice.userId));
      assert.ok(events.some((event) => valueAt(event, 'state_key') === room.creatorId));
    }
    assert.deepEqual(
      await memberIds(alice, room.roomId),
      [room.creatorId, alice.userId].toSorted(),
    );
    await sendText(alice, room.roomId, 'hello');
    // Another user of this server needs nobody else now.
    const bob = await registerUser(one, `second${version}`);
    assert.equal((await join(bob, room.roomId)).status, 200);
    assert.deepEqual(room.asked, ['make_join', 'send_join']);
    const rooms = await alice.request('GET', `${v3}/joined_rooms`);
    assert.deepEqual(valueAt(rooms.body, 'joined_rooms'), [room.roomId]);
  });
}

test('a room is joined by an alias of another server', async ({ one, newPeer }) => {
  const peer = await newPeer();
  const room = new PlayedRoom(peer);
  playRooms(peer, [room], (_, response) => {
    reply(response, 200, { room_id: room.roomId, servers: [peer.serverName] });
  });
  const alice = await registerUser(one, 'by-alias');
  assert.equal(await joinRoom(alice, `#lobby:${peer.serverName}`), room.roomId);
});

test('an invitation from another server is accepted through it', async ({ one, newPeer }) => {
  const peer = await newPeer();
  const room = new PlayedRoom(peer, { joinRules: { join_rule: 'invite' } });
  playRooms(peer, [room]);
  const alice = await registerUser(one, 'accepting');
  const other = await registerUser(one, 'also-invited');
  for (const { userId } of [alice, other]) {
    const event = room.build('m.room.member', userId, { membership: 'invite' });
    const path = `/_matrix/federation/v2${pathOf`/invite/${room.roomId}/${event.eventId}`}`;
    const body = { room_version: '12', event: event.pdu, invite_room_state: room.inviteState() };
    assert.equal((await peer.request(one.serverName, 'PUT', path, { body })).status, 200);
    room.place(event);
  }
  const path = v3 + pathOf`/rooms/${room.roomId}/join`;
  const { status, body } = await alice.request('POST', path, { body: {} });
  assert.equal(status, 200, JSON.stringify(body));
  const told = (await sync(alice)).body;
  assert.equal(valueAt(told, 'rooms', 'invite'), undefined);
  assert.ok(valueAt(told, 'rooms', 'join', room.roomId) !== undefined);
  // The other invitation stands, and is now one of a room that this server is in.
  assert.ok(valueAt((await sync(other)).body, 'rooms', 'invite', room.roomId) !== undefined);
  const asked = room.asked.length;
  assert.equal((await other.request('POST', path, { body: {} })).status, 200);
  assert.equal(room.asked.length, asked);
});

test('servers are tried one after the other, the next one also when one is slow', async ({
  one,
  newPeer,
}) => {
  const [resident, refusing, silent] = [await newPeer(), await newPeer(), await newPeer()];
  const room = new PlayedRoom(resident);
  playRooms(resident, [room]);
  playRooms(refusing, []);
  silent.answer = () => {};
  const closed = await newPeer();
  await closed.close();
  const alice = await registerUser(one, 'patient');
  const via = [closed, refusing, silent, resident].map(({ serverName }) => serverName);
  const { status, body } = await join(alice, room.roomId, via);
  assert.equal(status, 200, JSON.stringify(body));
  assert.ok(silent.asked.some((asked) => asked.includes('make_join')));
});

test('where a server cannot authorise the join the next one is asked', async ({ one, newPeer }) => {
  const [first, second] = [await newPeer(), await newPeer()];
  const room = new PlayedRoom(second, {
    version: '10',
    joinRules: {
      join_rule: 'restricted',
      allow: [{ type: 'm.room_membership', room_id: '!other:example.org' }],
    },
  });
  const via = { join_authorised_via_users_server: room.creatorId };
  room.answers.template = (userId, membership) => room.template(userId, { membership, ...via });
  playRooms(second, [room]);
  let refusal = 'M_UNABLE_TO_AUTHORISE_JOIN';
  first.answer = (_, response) => reply(response, 400, { errcode: refusal, error: 'not me' });
  const alice = await registerUser(one, 'restricted');
  const names = [first.serverName, second.serverName];
  const { status, body } = await join(alice, room.roomId, names);
  assert.equal(status, 200, JSON.stringify(body));
  const path = v3 + pathOf`/rooms/${room.roomId}/state/m.room.member/${alice.userId}`;
  const member = await alice.request('GET', path);
  assert.equal(valueAt(member.body, 'join_authorised_via_users_server'), room.creatorId);
  // The room is known now, and nobody of this server can let others in: the other server must.
  const bob = await registerUser(one, 'restricted-too');
  const asked = room.asked.length;
  const later = await join(bob, room.roomId);
  assert.equal(later.status, 200, JSON.stringify(later.body));
  assert.deepEqual(room.asked.slice(asked), ['make_join', 'send_join']);
  assert.deepEqual(
    await memberIds(bob, room.roomId),
    [room.creatorId, alice.userId, bob.userId].toSorted(),
  );
  room.answers.template = () => {
    throw new PlayedRefusal(400, refusal);
  };
  for (refusal of ['M_UNABLE_TO_AUTHORISE_JOIN', 'M_UNABLE_TO_GRANT_JOIN']) {
    const carol = await registerUser(one, `carol-${refusal.toLowerCase()}`);
    assertRefused(await join(carol, room.roomId, names), 400, refusal);
  }
});

test('an older server takes the join in the older form', async ({ one, newPeer }) => {
  const peer = await newPeer();
  const room = new PlayedRoom(peer, { version: '6' });
  playRooms(peer, [room]);
  const take = room.answers.join;
  room.answers.join = (event) => {
    if (room.asked.at(-1) === 'send_join') throw new PlayedRefusal(404, 'M_UNRECOGNIZED');
    return take(event);
  };
  const alice = await registerUser(one, 'older');
  assert.equal((await join(alice, room.roomId, [peer.serverName])).status, 200);
  assert.deepEqual(room.asked, ['make_join', 'send_join', 'send_join v1']);
});

test('users who join one room at a time fetch it once', async ({ one, newPeer }) => {
  const peer = await newPeer();
  const room = new PlayedRoom(peer);
  playRooms(peer, [room]);
  const users = await Promise.all(
    ['a', 'b', 'c', 'd'].map((name) => registerUser(one, `crowd-${name}`)),
  );
  const answers = await Promise.all(
    users.map((user) => join(user, room.roomId, [peer.serverName])),
  );
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200, 200],
  );
  assert.equal(room.asked.filter((asked) => asked === 'send_join').length, 1);
  const [first] = users;
  assert.ok(first !== undefined);
  assert.equal((await memberIds(first, room.roomId)).length, 5);
});

test('a room that everybody here has left is joined anew, and of the past until then', async ({
  one,
  newPeer,
}) => {
  const peer = await newPeer();
  const room = new PlayedRoom(peer);
  playRooms(peer, [room]);
  const alice = await registerUser(one, 'leaver');
  await join(alice, room.roomId, [peer.serverName]);
  const own = room.state.get(`m.room.member\n${alice.userId}`);
  assert.ok(own !== undefined);
  assert.equal((await alice.request('POST', v3 + pathOf`/rooms/${room.roomId}/leave`)).status, 200);
  assert.equal(
    (await alice.request('GET', v3 + pathOf`/rooms/${room.roomId}/joined_members`)).status,
    403,
  );
  // What happens there meanwhile is not told here.
  room.place(room.build('m.room.member', alice.userId, { membership: 'leave' }, room.creatorId));
  room.add('m.room.name', '', { name: 'Renamed' });
  const { nextBatch } = await sync(alice);
  const asked = room.asked.length;
  const { status, body } = await join(alice, room.roomId, [peer.serverName]);
  assert.equal(status, 200, JSON.stringify(body));
  assert.deepEqual(room.asked.slice(asked), ['make_join', 'send_join']);
  const told = (await sync(alice, { since: nextBatch })).body;
  const events = listAt(told, 'rooms', 'join', room.roomId, 'state', 'events');
  assert.ok(events.some((event) => valueAt(event, 'content', 'name') === 'Renamed'));
  await sendText(alice, room.roomId, 'back again');
});

test('someone invited to a room that this server has left is invited out of band', async ({
  one,
  newPeer,
}) => {
  const peer = await newPeer();
  const room = new PlayedRoom(peer);
  playRooms(peer, [room]);
  const [alice, bob] = [
    await registerUser(one, 'former'),
    await registerUser(one, 'guest-of-former'),
  ];
  await join(alice, room.roomId, [peer.serverName]);
  await inviteUser(alice, room.roomId, bob.userId);
  await alice.request('POST', v3 + pathOf`/rooms/${room.roomId}/leave`);
  // The invitation from before: its room goes on without this server.
  room.place(room.build('m.room.member', bob.userId, { membership: 'invite' }));
  const asked = room.asked.length;
  const left = await bob.request('POST', v3 + pathOf`/rooms/${room.roomId}/leave`);
  assert.equal(left.status, 200, JSON.stringify(left.body));
  assert.deepEqual(room.asked.slice(asked), ['make_leave', 'send_leave']);
  const event = room.build('m.room.member', bob.userId, { membership: 'invite' });
  const path = `/_matrix/federation/v2${pathOf`/invite/${room.roomId}/${event.eventId}`}`;
  const body: JsonObject = {
    room_version: '12',
    event: event.pdu,
    invite_room_state: room.inviteState(),
  };
  assert.equal((await peer.request(one.serverName, 'PUT', path, { body })).status, 200);
  assert.ok(valueAt((await sync(bob)).body, 'rooms', 'invite', room.roomId) !== undefined);
  assert.equal((await join(bob, room.roomId)).status, 200);
});

test('what others send before the answer to the join has come is received', async ({
  one,
  newPeer,
}) => {
  const peer = await newPeer();
  const room = new PlayedRoom(peer, { version: '11' });
  const alice = await registerUser(one, 'overtaken');
  const answer = room.answers.join;
  let sent: Promise<{ status: number }> | undefined;
  room.answers.join = (event) => {
    const answered = answer(event);
    const message = room.add('m.room.message', undefined, { msgtype: 'm.text', body: 'welcome' });
    const body = { origin: peer.serverName, origin_server_ts: Date.now(), pdus: [message.pdu] };
    sent = peer.request(one.serverName, 'PUT', '/_matrix/federation/v1/send/early', { body });
    return answered;
  };
  // The answer is held back until the message has been on its way for a while.
  const held = room.handle.bind(room);
  room.handle = async (request, response) => {
    if (request.url?.includes('/send_join/') === true) {
      const end = response.end.bind(response);
      response.end = (...given: unknown[]) => {
        setTimeout(() => Reflect.apply(end, response, given), 500);
        return response;
      };
    }
    return held(request, response);
  };
  playRooms(peer, [room]);
  assert.equal((await join(alice, room.roomId, [peer.serverName])).status, 200);
  assert.equal((await sent)?.status, 200);
  const path = v3 + pathOf`/rooms/${room.roomId}/messages`;
  for (let tries = 0; ; tries += 1) {
    const { body } = await alice.request('GET', path, { query: { dir: 'b' } });
    const texts = listAt(body, 'chunk').map((event) => valueAt(event, 'content', 'body'));
    if (texts.includes('welcome')) break;
    assert.ok(tries < 200, JSON.stringify(texts));
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
});

test('who comes back is let in by a server that knows that they had left', async ({
  one,
  newPeer,
}) => {
  const peer = await newPeer();
  const room = new PlayedRoom(peer, { version: '11' });
  const alice = await registerUser(one, 'coming-back');
  const log: string[] = [];
  let isLost = true;
  const knows = (eventId: string): boolean => room.events.some((it) => it.eventId === eventId);
  playRooms(peer, [room], (request, response) => {
    void textOf(request).then((text) => {
      if (request.url?.includes('/federation/v1/send/') !== true) {
        log.push('asked for an event');
        reply(response, 404, { errcode: 'M_NOT_FOUND', error: 'not played' });
        return;
      }
      reply(response, 200, { pdus: {} });
      for (const pdu of listAt(JSON.parse(text), 'pdus')) {
        if (valueAt(pdu, 'content', 'membership') !== 'leave') continue;
        log.push(isLost ? 'lost the leave' : 'took the leave');
        const parsed = parsePdu(pdu, room.version);
        assert.ok(parsed.ok);
        const event = {
          eventId: eventIdOf(parsed.pdu, room.version, room.crypto()),
          pdu: parsed.pdu,
        };
        if (!isLost && !knows(event.eventId)) room.place(event);
        isLost = false;
      }
    });
  });
  assert.equal((await join(alice, room.roomId, [peer.serverName])).status, 200);
  const leave = v3 + pathOf`/rooms/${room.roomId}/leave`;
  assert.equal((await alice.request('POST', leave, { body: {} })).status, 200);
  await until('the leave', () => log.includes('lost the leave'));
  assert.equal((await join(alice, room.roomId, [peer.serverName])).status, 200);
  // It is asked anew after each time that the leave is sent again.
  const once = log.filter((entry, index) => entry !== log[index - 1]);
  assert.deepEqual(once, ['lost the leave', 'asked for an event', 'took the leave']);
  const [left, joined] = room.events.slice(-2);
  assert.equal(left?.pdu.content['membership'], 'leave');
  assert.deepEqual(prevEventIds(joined?.pdu ?? assert.fail()), [left?.eventId]);
});

test('who was banned does not come back through a server that has not heard of it', async ({
  one,
  newPeer,
}) => {
  const peer = await newPeer();
  const room = new PlayedRoom(peer, { version: '11' });
  const alice = await registerUser(one, 'banned-lately');
  const log: string[] = [];
  playRooms(peer, [room], (request, response) => {
    const action = request.url?.split('/')[4] ?? '';
    void textOf(request).then((text) => {
      if (action === 'event') log.push('asked for an event');
      if (text.includes('"ban"')) log.push('took the ban');
      if (action === 'send') reply(response, 200, { pdus: {} });
      else reply(response, 404, { errcode: 'M_NOT_FOUND', error: 'not played' });
    });
  });
  assert.equal((await join(alice, room.roomId, [peer.serverName])).status, 200);
  const ban = room.build('m.room.member', alice.userId, { membership: 'ban' }, room.creatorId);
  const body = { origin: peer.serverName, origin_server_ts: Date.now(), pdus: [ban.pdu] };
  const path = '/_matrix/federation/v1/send/ban';
  assert.equal((await peer.request(one.serverName, 'PUT', path, { body })).status, 200);
  const members = v3 + pathOf`/rooms/${room.roomId}/joined_members`;
  await until('the ban', async () => (await alice.request('GET', members)).status !== 200);
  room.answers.template = () => {
    throw log.includes('took the ban')
      ? new PlayedRefusal(403, 'M_FORBIDDEN')
      : new Error('it is let in');
  };
  const { status } = await join(alice, room.roomId, [peer.serverName]);
  assert.equal(status, 403);
  assert.equal(log[0], 'asked for an event');
});
