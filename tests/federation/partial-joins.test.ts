import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import type { JsonObject } from '@soma/protocol';

import { pathOf } from '../harness/api.ts';
import { registerUser, sendText, sync } from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import type { TestPeer } from '../harness/peer.ts';
import { federationTests } from './federation-test.ts';
import {
  eventually,
  expectedIds,
  join,
  lazy,
  memberIds,
  playFor,
  playPartialRoom,
  send,
  texts,
} from './partial-room.ts';
import { PlayedRefusal, PlayedRoom, reply } from './played-room.ts';

const test = federationTests();

test('a room is usable while its members are still to come', async (under) => {
  const { one, peer, played, room, gate, alice } = await playFor(under, 'early');
  const { sent } = played;
  const before = (await sync(alice)).nextBatch;
  await join(alice, room);
  // Who loads members lazily sees the room, and sends.
  const lazily = (await sync(alice, { filter: lazy })).body;
  const joined = valueAt(lazily, 'rooms', 'join', room.roomId);
  const names = listAt(joined, 'state', 'events').map((event) => valueAt(event, 'content', 'name'));
  assert.ok(names.includes('Large'), JSON.stringify(joined));
  await sendText(alice, room.roomId, 'so soon');
  await eventually('the message at the peer', () =>
    sent.some((pdu) => valueAt(pdu, 'content', 'body') === 'so soon'),
  );
  // What others send is received.
  await send(peer, one, [
    room.add('m.room.message', undefined, { msgtype: 'm.text', body: 'welcome' }),
  ]);
  await eventually('the answer', async () => (await texts(alice, room.roomId)).includes('welcome'));
  // Who wants all members does not see the room yet, and waits for them.
  for (const since of [undefined, before]) {
    const told = (await sync(alice, since === undefined ? {} : { since })).body;
    assert.equal(valueAt(told, 'rooms', 'join', room.roomId), undefined);
  }
  const since = (await sync(alice)).nextBatch;
  const lazySince = (await sync(alice, { filter: lazy })).nextBatch;
  const waiting = memberIds(alice, room.roomId);
  const isStillWaiting = await Promise.race([waiting.then(() => false), sleep(300, true)]);
  assert.ok(isStillWaiting);
  gate.open();
  const expected = expectedIds(played, alice);
  assert.deepEqual(await waiting, expected);
  for (const token of [undefined, before, since]) {
    const told = (await sync(alice, token === undefined ? {} : { since: token })).body;
    const all = valueAt(told, 'rooms', 'join', room.roomId);
    const events = [...listAt(all, 'state', 'events'), ...listAt(all, 'timeline', 'events')];
    const members = events.flatMap((event) =>
      valueAt(event, 'type') === 'm.room.member' ? [String(valueAt(event, 'state_key'))] : [],
    );
    assert.deepEqual([...new Set(members)].toSorted(), expected);
  }
  // Who loads them lazily is only told how many they are.
  const later = (await sync(alice, { filter: lazy, since: lazySince })).body;
  const news = valueAt(later, 'rooms', 'join', room.roomId);
  assert.equal(valueAt(news, 'summary', 'm.joined_member_count'), expected.length);
  const heroes = listAt(valueAt(news, 'summary'), 'm.heroes').length;
  assert.ok(listAt(news, 'state', 'events').length <= heroes, JSON.stringify(news));
  await sendText(alice, room.roomId, 'all here');
});

test('sliding sync shows the room at once to who does not want all members', async (under) => {
  const { room, gate, alice } = await playFor(under, 'sliding');
  await join(alice, room);
  const slide = async (memberKey: string): Promise<unknown> => {
    const required_state = [
      ['m.room.name', ''],
      ['m.room.member', memberKey],
    ];
    const list = { ranges: [[0, 9]], timeline_limit: 1, required_state };
    const path = '/_matrix/client/unstable/org.matrix.simplified_msc3575/sync';
    const { status, body } = await alice.request('POST', path, { body: { lists: { list } } });
    assert.equal(status, 200, JSON.stringify(body));
    return valueAt(body, 'rooms', room.roomId);
  };
  assert.equal(valueAt(await slide('$LAZY'), 'name'), 'Large');
  assert.equal(await slide('*'), undefined);
  gate.open();
  const members = (await memberIds(alice, room.roomId)).length;
  const told = listAt(await slide('*'), 'required_state');
  assert.equal(told.length, members + 1);
});

test('the past of a room is read as soon as its members are there', async (under) => {
  const { room, gate, alice } = await playFor(under, 'curious');
  const says = (body: string): unknown =>
    room.add('m.room.message', undefined, { msgtype: 'm.text', body });
  for (const body of ['long ago', 'a while ago']) says(body);
  await join(alice, room);
  await sendText(alice, room.roomId, 'now');
  const page = async (from?: string): Promise<{ said: unknown[]; end: unknown }> => {
    const path = `/_matrix/client/v3${pathOf`/rooms/${room.roomId}/messages`}`;
    const query = { dir: 'b', limit: 50, ...(from === undefined ? {} : { from }) };
    const { status, body } = await alice.request('GET', path, { query });
    assert.equal(status, 200, JSON.stringify(body));
    const bodies = listAt(body, 'chunk').map((event) => valueAt(event, 'content', 'body'));
    return { said: bodies.filter((text) => text !== undefined), end: valueAt(body, 'end') };
  };
  // What is there is shown at once; what came before takes a while.
  const first = await page();
  assert.deepEqual(first.said, ['now']);
  const past = page(String(first.end));
  assert.ok(await Promise.race([past.then(() => false), sleep(300, true)]));
  gate.open();
  assert.deepEqual((await past).said, ['a while ago', 'long ago']);
});

test('what is from before the join is not held to what the room has become since', async (under) => {
  const { one, peer, room, gate, alice } = await playFor(under, 'late-reader');
  const says = (body: string, sender: string) =>
    ['m.room.message', undefined, { msgtype: 'm.text', body }, sender] as const;
  const past = room.add(...says('from before', `@member0:${peer.serverName}`));
  const levels = { users: { [room.creatorId]: 100 }, events: { 'm.room.message': 50 }, invite: 0 };
  const closed = room.add('m.room.power_levels', '', levels);
  // It stands beside the join, and is told with the end of what its sender has before it.
  const fork = room.build(...says('fork', room.creatorId));
  const answerRest = peer.answer;
  peer.answer = (request, response) => {
    if (request.url?.includes('/get_missing_events/') !== true) answerRest(request, response);
    else reply(response, 200, { events: [past.pdu, closed.pdu] });
  };
  await join(alice, room);
  await send(peer, one, [fork]);
  await eventually('the fork', async () => (await texts(alice, room.roomId)).includes('fork'));
  gate.open();
  await memberIds(alice, room.roomId);
  assert.ok((await texts(alice, room.roomId)).includes('from before'));
});

test('what was there before the join is no news when it is sent again', async (under) => {
  const { one, peer, room, gate, alice } = await playFor(under, 'newcomer');
  const past = room.add('m.room.message', undefined, { msgtype: 'm.text', body: 'long ago' });
  const history = room.events.map(({ pdu }) => pdu);
  const answerRest = peer.answer;
  let asked = 0;
  peer.answer = (request, response) => {
    if (request.url?.includes('/get_missing_events/') !== true) {
      answerRest(request, response);
      return;
    }
    asked += 1;
    reply(response, 200, { events: history });
  };
  await join(alice, room);
  await send(peer, one, [past]);
  await eventually('the question', () => asked > 0);
  await send(peer, one, [
    room.add('m.room.message', undefined, { msgtype: 'm.text', body: 'now' }),
  ]);
  await eventually('the message', async () => (await texts(alice, room.roomId)).includes('now'));
  assert.ok(!(await texts(alice, room.roomId)).includes('long ago'));
  gate.open();
  await memberIds(alice, room.roomId);
});

test('learning the members goes on after a crash', async (under) => {
  const { one, played, room, gate, alice } = await playFor(under, 'crashing');
  await join(alice, room);
  await sendText(alice, room.roomId, 'before the crash');
  await one.kill();
  gate.open();
  await one.restart();
  assert.deepEqual(await memberIds(alice, room.roomId), expectedIds(played, alice));
  assert.ok((await texts(alice, room.roomId)).includes('before the crash'));
});

test('rooms whose servers keep one waiting do not hold up another', async (under) => {
  const slow = [await playFor(under, 'waiting-0'), await playFor(under, 'waiting-1')];
  for (const { alice, room } of slow) await join(alice, room);
  for (const { room } of slow) await eventually('the question', () => room.asked.includes('state'));
  const { alice, room, gate, played } = await playFor(under, 'served');
  gate.open();
  await join(alice, room);
  assert.deepEqual(await memberIds(alice, room.roomId), expectedIds(played, alice));
  for (const each of slow) each.gate.open();
});

test('another server of the room helps where the first is lost', async ({ one, newPeer }) => {
  const [peer, other] = [await newPeer(), await newPeer()];
  const played = playPartialRoom(peer);
  const { room } = played;
  const userId = `@helper:${other.serverName}`;
  const event = room.buildAs(other, 'm.room.member', userId, { membership: 'join' }, userId);
  room.place(event);
  room.answers.state = () => {
    throw new PlayedRefusal(500, 'M_UNKNOWN');
  };
  other.answer = (request, response) => {
    const url = new URL(request.url ?? '', 'https://peer');
    if (!url.pathname.startsWith('/_matrix/federation/v1/state/')) {
      reply(response, 404, { errcode: 'M_NOT_FOUND', error: 'not played' });
      return;
    }
    reply(response, 200, room.wholeState(url.searchParams.get('event_id') ?? ''));
  };
  const alice = await registerUser(one, 'helped');
  await join(alice, room);
  await peer.close();
  assert.deepEqual(await memberIds(alice, room.roomId), expectedIds(played, alice));
});

test('a state that lies is not taken', async ({ one, newPeer }) => {
  const lies: readonly ((told: JsonObject, room: PlayedRoom, other: TestPeer) => JsonObject)[] = [
    // Members are missing: all those of the other server.
    (told, _, other) => ({
      ...told,
      pdus: listAt(told, 'pdus').filter(
        (pdu) => valueAt(pdu, 'sender') !== `@helper:${other.serverName}`,
      ) as JsonObject[],
    }),
    // They are there, and not as they were signed.
    (told, _, other) => ({
      ...told,
      pdus: listAt(told, 'pdus').map((pdu) =>
        valueAt(pdu, 'sender') === `@helper:${other.serverName}`
          ? { ...(pdu as JsonObject), depth: 4_000 }
          : pdu,
      ) as JsonObject[],
    }),
    // The state of another room.
    (_, { peer }) => {
      const another = new PlayedRoom(peer, { version: '11' });
      return { pdus: another.events.map(({ pdu }) => pdu), auth_chain: [] };
    },
    // What was told with the join is missing.
    (told) => ({
      ...told,
      pdus: listAt(told, 'pdus').filter(
        (pdu) => valueAt(pdu, 'type') !== 'm.room.name',
      ) as JsonObject[],
    }),
    () => ({ pdus: [], auth_chain: [] }),
  ];
  const [peer, other] = [await newPeer(), await newPeer()];
  for (const [index, lie] of lies.entries()) {
    const played = playPartialRoom(peer);
    const { room } = played;
    const userId = `@helper:${other.serverName}`;
    room.place(room.buildAs(other, 'm.room.member', userId, { membership: 'join' }, userId));
    room.answers.state = (eventId) => lie(room.wholeState(eventId), room, other);
    let isTrue = false;
    other.answer = (request, response) => {
      const url = new URL(request.url ?? '', 'https://peer');
      if (!url.pathname.startsWith('/_matrix/federation/v1/state/')) {
        reply(response, 404, { errcode: 'M_NOT_FOUND', error: 'not played' });
        return;
      }
      isTrue = true;
      reply(response, 200, room.wholeState(url.searchParams.get('event_id') ?? ''));
    };
    const alice = await registerUser(one, `lied-to-${index}`);
    await join(alice, room);
    assert.deepEqual(await memberIds(alice, room.roomId), expectedIds(played, alice));
    assert.ok(isTrue, `lie ${index} was believed`);
  }
});
