import assert from 'node:assert/strict';

import type { JsonObject, JsonValue } from '@soma/protocol';

import { pathOf } from '../harness/api.ts';
import { registerUser, sync } from '../harness/client.ts';
import type { TestUser } from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { assertRefused, federationTests } from './federation-test.ts';
import { PlayedRoom, playRooms, reply } from './played-room.ts';

const test = federationTests({ federation: { client_timeout: '2s' } });
const v3 = '/_matrix/client/v3';

function join(user: TestUser, room: PlayedRoom, via = room.peer.serverName) {
  const path = v3 + pathOf`/join/${room.roomId}`;
  return user.request('POST', path, { body: {}, query: { via } });
}

type Lie = (answer: JsonObject, room: PlayedRoom, other: PlayedRoom) => JsonValue;

function withoutType(events: JsonValue | undefined, type: string): JsonValue[] {
  assert.ok(Array.isArray(events));
  return events.filter((event) => valueAt(event, 'type') !== type);
}

function forged(events: JsonValue | undefined, type: string): JsonValue[] {
  assert.ok(Array.isArray(events));
  return events.map((event) => {
    if (valueAt(event, 'type') !== type) return event;
    const signatures = valueAt(event, 'signatures') as JsonObject;
    const [server] = Object.keys(signatures);
    const [keyId] = Object.keys(valueAt(signatures, server ?? '') as JsonObject);
    const lie = { [server ?? '']: { [keyId ?? '']: 'A'.repeat(86) } };
    return { ...(event as JsonObject), signatures: lie };
  });
}

/** Answers that make no room. */
const lies: Readonly<Record<string, Lie>> = {
  'has no create event': (answer) => ({
    ...answer,
    state: withoutType(answer['state'], 'm.room.create'),
    auth_chain: withoutType(answer['auth_chain'], 'm.room.create'),
  }),
  'has a create event with a forged signature': (answer) => ({
    ...answer,
    state: forged(answer['state'], 'm.room.create'),
    auth_chain: forged(answer['auth_chain'], 'm.room.create'),
  }),
  "has another room's state": (answer, _, other) => ({
    ...answer,
    state: [...other.state.values()].map(({ pdu }) => pdu),
    auth_chain: other.events.map(({ pdu }) => pdu),
  }),
  'does not let the user in': (answer, room) => {
    const rules = room.build('m.room.join_rules', '', { join_rule: 'invite' });
    const state = withoutType(answer['state'], 'm.room.join_rules');
    return { ...answer, state: [...state, rules.pdu] };
  },
  'is empty': () => ({ state: [], auth_chain: [] }),
  'is no object': () => [],
  'holds what is no events': (answer) => ({ ...answer, state: [1, 'two', null, {}, []] }),
  'leaves members out': (answer) => ({ ...answer, members_omitted: true }),
};

for (const [title, lie] of Object.entries(lies)) {
  test(`no room is made of an answer that ${title}`, async ({ one, newPeer }) => {
    const peer = await newPeer();
    const alice = await registerUser(one, `lied-${title.replaceAll(/\W/g, '-')}`);
    for (const version of ['6', '12']) {
      const room = new PlayedRoom(peer, { version });
      const other = new PlayedRoom(peer, { version });
      playRooms(peer, [room]);
      const take = room.answers.join;
      room.answers.join = (event) => lie(take(event) as JsonObject, room, other);
      assertRefused(await join(alice, room), 502, 'M_UNKNOWN');
      assert.equal(valueAt((await sync(alice)).body, 'rooms', 'join', room.roomId), undefined);
      // A server that tells the truth makes good for it.
      room.answers.join = take;
      room.place(
        room.build('m.room.member', alice.userId, { membership: 'leave' }, room.creatorId),
      );
      const { status, body } = await join(alice, room);
      assert.equal(status, 200, JSON.stringify(body));
    }
  });
}

test('a forged or unfounded state event is left out of the room', async ({ one, newPeer }) => {
  const peer = await newPeer();
  const state = { 'm.room.name': { name: 'True' }, 'm.room.topic': { topic: 'True' } };
  const room = new PlayedRoom(peer, { state });
  playRooms(peer, [room]);
  const take = room.answers.join;
  room.answers.join = (event) => {
    const answer = take(event) as JsonObject;
    const unfounded = room.build(
      'm.room.avatar',
      '',
      { url: 'mxc://a/b' },
      `@nobody:${peer.serverName}`,
    );
    return { ...answer, state: [...forged(answer['state'], 'm.room.name'), unfounded.pdu] };
  };
  const alice = await registerUser(one, 'careful');
  const { status, body } = await join(alice, room);
  assert.equal(status, 200, JSON.stringify(body));
  const path = v3 + pathOf`/rooms/${room.roomId}/state`;
  const types = listAt((await alice.request('GET', path)).body).map((event) =>
    valueAt(event, 'type'),
  );
  assert.ok(types.includes('m.room.topic'));
  assert.ok(!types.includes('m.room.name'));
  assert.ok(!types.includes('m.room.avatar'));
});

test('no template is signed that is not the join that the user wants', async ({ one, newPeer }) => {
  const peer = await newPeer();
  const room = new PlayedRoom(peer);
  playRooms(peer, [room]);
  const alice = await registerUser(one, 'templates');
  const templates: readonly JsonObject[] = [
    { sender: room.creatorId, state_key: room.creatorId },
    { room_id: '!elsewhere:example.org' },
    { type: 'm.room.power_levels' },
    { content: { membership: 'ban' } },
    { prev_events: Array.from({ length: 21 }, (_, index) => `$${index}`) },
  ];
  for (const template of templates) {
    room.answers.template = (userId, membership) => {
      const answer = room.template(userId, { membership });
      return { ...answer, event: { ...(answer['event'] as JsonObject), ...template } };
    };
    assertRefused(await join(alice, room), 502, 'M_UNKNOWN');
  }
  room.answers.template = (userId, membership) => ({
    ...room.template(userId, { membership }),
    room_version: 'org.example.99',
  });
  assertRefused(await join(alice, room), 502, 'M_UNKNOWN');
  assert.ok(room.asked.every((asked) => asked === 'make_join'));
  room.answers.template = (userId, membership) =>
    room.template(userId, { membership, displayname: 'Mallory', 'org.example.more': true });
  assert.equal((await join(alice, room)).status, 200);
  assert.deepEqual(room.events.at(-1)?.pdu.content, {
    membership: 'join',
    displayname: 'templates',
  });
});

test('an answer that does not end, or stands still, is given up', async ({ one, newPeer }) => {
  const peer = await newPeer();
  const room = new PlayedRoom(peer);
  const alice = await registerUser(one, 'endless');
  const starts = ['{"state":[', '{"state":[{"type":"', '{"origin":"'];
  let start = '';
  let isSilent = false;
  peer.answer = (request, response) => {
    if (request.url?.includes('make_join')) {
      reply(response, 200, room.template(alice.userId, { membership: 'join' }));
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write(start);
    const more = (): void => {
      // As fast as it is read.
      while (!response.destroyed && response.write('x'.repeat(65_536))) {}
    };
    if (isSilent) return;
    response.on('drain', more);
    more();
  };
  for (start of starts) assertRefused(await join(alice, room), 502, 'M_UNKNOWN');
  isSilent = true;
  assertRefused(await join(alice, room), 502, 'M_UNKNOWN');
});

test('keys of many servers are fetched together, and a server that is gone does not hold up the join', async ({
  one,
  newPeer,
}) => {
  const peer = await newPeer();
  const room = new PlayedRoom(peer);
  playRooms(peer, [room]);
  const others = await Promise.all(Array.from({ length: 5 }, newPeer));
  for (const other of others) {
    const userId = `@member:${other.serverName}`;
    room.place(room.buildAs(other, 'm.room.member', userId, { membership: 'join' }, userId));
  }
  const [gone] = others;
  await gone?.close();
  const alice = await registerUser(one, 'crowded');
  const { status, body } = await join(alice, room);
  assert.equal(status, 200, JSON.stringify(body));
  const path = v3 + pathOf`/rooms/${room.roomId}/joined_members`;
  const joined = valueAt((await alice.request('GET', path)).body, 'joined') as object;
  assert.equal(Object.keys(joined).length, 2 + 4);
});
