import assert from 'node:assert/strict';

import type { JsonObject } from '@soma/protocol';

import { pathOf } from '../harness/api.ts';
import { registerUser, sync } from '../harness/client.ts';
import type { TestUser } from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { assertRefused, federationTests } from './federation-test.ts';
import { PlayedRefusal, PlayedRoom, playRooms, reply } from './played-room.ts';

const test = federationTests();
const v3 = '/_matrix/client/v3';
const joinRules = { join_rule: 'knock' };

function knock(user: TestUser, room: PlayedRoom, query: Record<string, string> = {}) {
  const via = { via: room.peer.serverName, ...query };
  const body = { reason: 'please' };
  return user.request('POST', v3 + pathOf`/knock/${room.roomId}`, { query: via, body });
}

test('a user knocks at a room of another server, and takes it back', async ({ one, newPeer }) => {
  for (const version of ['7', '12']) {
    const room = new PlayedRoom(await newPeer(), {
      version,
      joinRules,
      state: { 'm.room.name': { name: 'Closed' } },
    });
    playRooms(room.peer, [room]);
    const alice = await registerUser(one, `knocking${version}`);
    const { nextBatch } = await sync(alice);
    const { status, body } = await knock(alice, room);
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(body, { room_id: room.roomId });
    assert.deepEqual(room.asked, ['make_knock', 'send_knock v1']);
    const sent = room.events.at(-1)?.pdu.content;
    assert.deepEqual(sent, {
      membership: 'knock',
      displayname: `knocking${version}`,
      reason: 'please',
    });
    for (const since of [undefined, nextBatch]) {
      const told = (await sync(alice, since === undefined ? {} : { since })).body;
      const events = listAt(told, 'rooms', 'knock', room.roomId, 'knock_state', 'events');
      assert.ok(events.some((event) => valueAt(event, 'content', 'name') === 'Closed'));
      assert.equal(valueAt(events.at(-1), 'content', 'membership'), 'knock');
    }
    const left = await alice.request('POST', v3 + pathOf`/rooms/${room.roomId}/leave`);
    assert.equal(left.status, 200, JSON.stringify(left.body));
    assert.equal(room.events.at(-1)?.pdu.content['membership'], 'leave');
    const after = (await sync(alice, { since: nextBatch })).body;
    assert.equal(valueAt(after, 'rooms', 'knock'), undefined);
    assert.ok(valueAt(after, 'rooms', 'leave', room.roomId) !== undefined);
  }
});

test('a knock is answered by an invitation', async ({ one, newPeer }) => {
  const room = new PlayedRoom(await newPeer(), { joinRules });
  playRooms(room.peer, [room]);
  const alice = await registerUser(one, 'let-in');
  assert.equal((await knock(alice, room)).status, 200);
  const { nextBatch } = await sync(alice);
  const event = room.build('m.room.member', alice.userId, { membership: 'invite' });
  const path = `/_matrix/federation/v2${pathOf`/invite/${room.roomId}/${event.eventId}`}`;
  const body = { room_version: '12', event: event.pdu, invite_room_state: room.inviteState() };
  const answer = await room.peer.request(one.serverName, 'PUT', path, { body });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  const told = (await sync(alice, { since: nextBatch })).body;
  assert.ok(valueAt(told, 'rooms', 'invite', room.roomId) !== undefined);
  assert.equal(valueAt((await sync(alice)).body, 'rooms', 'knock'), undefined);
});

test('what the other server refuses is passed on, and nothing kept', async ({ one, newPeer }) => {
  const room = new PlayedRoom(await newPeer(), { joinRules });
  playRooms(room.peer, [room]);
  const alice = await registerUser(one, 'refused');
  const refusals: readonly (readonly [PlayedRefusal, number, string])[] = [
    [new PlayedRefusal(403, 'M_FORBIDDEN'), 403, 'M_FORBIDDEN'],
    [new PlayedRefusal(404, 'M_NOT_FOUND'), 404, 'M_NOT_FOUND'],
    [
      new PlayedRefusal(400, 'M_INCOMPATIBLE_ROOM_VERSION', { room_version: '99' }),
      400,
      'M_INCOMPATIBLE_ROOM_VERSION',
    ],
    [new PlayedRefusal(400, 'M_INVALID_PARAM'), 502, 'M_UNKNOWN'],
    [new PlayedRefusal(500, 'M_UNKNOWN'), 502, 'M_UNKNOWN'],
  ];
  const { template } = room.answers;
  for (const [refusal, status, errcode] of refusals) {
    room.answers.template = () => {
      throw refusal;
    };
    assertRefused(await knock(alice, room), status, errcode);
  }
  room.answers.template = (userId) => template(userId, 'join');
  assertRefused(await knock(alice, room), 502, 'M_UNKNOWN');
  room.answers.template = template;
  room.answers.knock = () => {
    throw new PlayedRefusal(403, 'M_FORBIDDEN');
  };
  assertRefused(await knock(alice, room), 403, 'M_FORBIDDEN');
  assert.equal(valueAt((await sync(alice)).body, 'rooms'), undefined);
  const nowhere = await alice.request(
    'POST',
    `${v3}/knock/${encodeURIComponent(`!${'a'.repeat(43)}`)}`,
  );
  assertRefused(nowhere, 404, 'M_NOT_FOUND');
});

test('the alias of another server stands for a room there', async ({ one, newPeer }) => {
  const peer = await newPeer();
  const room = new PlayedRoom(peer, { joinRules });
  const alias = `#lobby:${peer.serverName}`;
  let answer: JsonObject = { room_id: room.roomId, servers: [peer.serverName, 'not a name', 1] };
  playRooms(peer, [room], (request, response) => {
    const url = new URL(request.url ?? '', 'https://peer');
    const isKnown = url.searchParams.get('room_alias') === alias;
    if (!isKnown) reply(response, 404, { errcode: 'M_NOT_FOUND', error: 'no such alias' });
    else reply(response, 200, answer);
  });
  const alice = await registerUser(one, 'aliases');
  const lookUp = (name: string) => alice.request('GET', v3 + pathOf`/directory/room/${name}`);
  const { status, body } = await lookUp(alias);
  assert.equal(status, 200, JSON.stringify(body));
  assert.deepEqual(body, { room_id: room.roomId, servers: [peer.serverName] });
  assertRefused(await lookUp(`#none:${peer.serverName}`), 404, 'M_NOT_FOUND');
  const knocked = await alice.request('POST', v3 + pathOf`/knock/${alias}`);
  assert.equal(knocked.status, 200, JSON.stringify(knocked.body));
  assert.equal(room.events.at(-1)?.pdu.content['membership'], 'knock');
  answer = { room_id: 1 };
  assertRefused(await lookUp(alias), 502, 'M_UNKNOWN');
  await peer.close();
  assertRefused(await lookUp(alias), 502, 'M_UNKNOWN');
});
