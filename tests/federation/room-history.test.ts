import assert from 'node:assert/strict';

import { isJsonObject, roomVersion, type JsonObject } from '@soma/protocol';

import { act } from '../client-server/requests.ts';
import { pathOf } from '../harness/api.ts';
import {
  createRoom,
  registerUser,
  sendEvent,
  sendState,
  sendText,
  type TestUser,
} from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { Asker } from './asker.ts';
import { assertRefused, federationTests } from './federation-test.ts';
import { PlayedUser, idOf } from './played-user.ts';

const test = federationTests();

const version = roomVersion('11') ?? assert.fail();
const open = { preset: 'public_chat', room_version: '11' };

function idsOf(events: readonly unknown[]): string[] {
  return events.map((event) => idOf(event, version));
}

function textsAt(body: unknown, name: string): string[] {
  return listAt(body, name).map(String);
}

async function sayMany(user: TestUser, roomId: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) ids.push(await sendText(user, roomId, `${index}`));
  return ids;
}

function contentOf(events: readonly unknown[], eventId: string): unknown {
  return valueAt(
    events.find((event) => idOf(event, version) === eventId),
    'content',
  );
}

test('a server in the room gets its history, newest first, as it is stored', async ({
  one,
  newPeer,
}) => {
  const alice = await registerUser(one, 'history');
  const bob = new PlayedUser(await newPeer(), 'bob');
  const asker = new Asker(bob.peer, one);
  const roomId = await createRoom(alice, open);
  const said = await sayMany(alice, roomId, 5);
  await bob.become(one, 'join', roomId);
  const { status, body } = await asker.backfill(roomId, [said[4] ?? ''], 3);
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(valueAt(body, 'origin'), one.serverName);
  assert.deepEqual(idsOf(listAt(body, 'pdus')), said.slice(2).toReversed());
  const all = await asker.backfill(roomId, [said[4] ?? '', said[3] ?? '', '$unknown'], 1_000);
  const types = listAt(all.body, 'pdus').map((event) => textAt(event, 'type'));
  assert.equal(types.at(-1), 'm.room.create');
  assert.equal(new Set(idsOf(listAt(all.body, 'pdus'))).size, types.length);
  assert.deepEqual(listAt((await asker.backfill(roomId, ['$unknown'], 9)).body, 'pdus'), []);

  const single = await asker.get(pathOf`/event/${said[0] ?? ''}`);
  assert.deepEqual(idsOf(listAt(single.body, 'pdus')), [said[0]]);
  assertRefused(await asker.get(pathOf`/event/$unknown`), 404, 'M_NOT_FOUND');
  assertRefused(await asker.backfill(roomId, [], 5), 400, 'M_MISSING_PARAM');
  assertRefused(await asker.backfill(roomId, ['$x'], 0), 400, 'M_INVALID_PARAM');
  const many = Array.from({ length: 101 }, (_, index) => `$${index}`);
  assertRefused(await asker.backfill(roomId, many, 5), 400, 'M_INVALID_PARAM');
});

test('events between those that a server has and those that it was sent, oldest first', async ({
  one,
  newPeer,
}) => {
  const alice = await registerUser(one, 'missing');
  const bob = new PlayedUser(await newPeer(), 'bob');
  const asker = new Asker(bob.peer, one);
  const roomId = await createRoom(alice, open);
  await bob.become(one, 'join', roomId);
  const said = await sayMany(alice, roomId, 30);
  const last = said[29] ?? '';
  const ask = async (body: JsonObject): Promise<string[]> => {
    const answer = await asker.missing(roomId, body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return idsOf(listAt(answer.body, 'events'));
  };
  const between = { earliest_events: [said[24] ?? ''], latest_events: [last] };
  assert.deepEqual(await ask(between), said.slice(25, 29));
  // A server names all ends of the room that it knows, however many they are.
  const ends = Array.from({ length: 6_000 }, (_, index) => `$end${index}`);
  const among = { ...between, earliest_events: [said[24] ?? '', ...ends] };
  assert.deepEqual(await ask(among), said.slice(25, 29));
  assert.deepEqual(await ask({ ...between, limit: 2 }), said.slice(27, 29));
  assert.deepEqual(await ask({ earliest_events: [], latest_events: [last] }), said.slice(19, 29));
  const most = { earliest_events: [], latest_events: [last], limit: 1_000 };
  assert.deepEqual(await ask(most), said.slice(9, 29));
  const { body } = await asker.get(pathOf`/event/${said[27] ?? ''}`);
  const depth = Number(valueAt(body, 'pdus', 0, 'depth'));
  assert.deepEqual(await ask({ ...most, min_depth: depth }), said.slice(27, 29));
  assert.deepEqual(await ask({ earliest_events: [], latest_events: ['$unknown'] }), []);
  assertRefused(await asker.missing(roomId, {}), 400, 'M_MISSING_PARAM');
  const wrong = { earliest_events: 'x', latest_events: [] };
  assertRefused(await asker.missing(roomId, wrong), 400, 'M_BAD_JSON');
});

test('the state before an event, whole and by IDs, with what authorises it', async ({
  one,
  newPeer,
}) => {
  const alice = await registerUser(one, 'state');
  const bob = new PlayedUser(await newPeer(), 'bob');
  const asker = new Asker(bob.peer, one);
  const roomId = await createRoom(alice, open);
  await sendState(alice, roomId, 'm.room.topic', '', { topic: 'first' });
  const second = await sendState(alice, roomId, 'm.room.topic', '', { topic: 'second' });
  const joined = await bob.become(one, 'join', roomId);
  const before = await asker.at('state', roomId, second);
  const state = listAt(before.body, 'pdus');
  const topic = state.find((event) => textAt(event, 'type') === 'm.room.topic');
  assert.equal(valueAt(topic, 'content', 'topic'), 'first');
  const ids = await asker.at('state_ids', roomId, second);
  assert.deepEqual(textsAt(ids.body, 'pdu_ids').toSorted(), idsOf(state).toSorted());
  const chain = idsOf(listAt(before.body, 'auth_chain')).toSorted();
  assert.deepEqual(textsAt(ids.body, 'auth_chain_ids').toSorted(), chain);
  for (const event of state) {
    for (const eventId of listAt(event, 'auth_events')) assert.ok(chain.includes(String(eventId)));
  }
  const members = listAt((await asker.at('state', roomId, joined.eventId)).body, 'pdus').filter(
    (event) => textAt(event, 'type') === 'm.room.member',
  );
  assert.equal(members.length, 1, 'the join is not in the state before it');
  const auth = await asker.get(pathOf`/event_auth/${roomId}/${joined.eventId}`);
  const types = listAt(auth.body, 'auth_chain').map((event) => textAt(event, 'type'));
  assert.deepEqual(
    new Set(types),
    new Set(['m.room.create', 'm.room.member', 'm.room.power_levels', 'm.room.join_rules']),
  );
  assert.ok(!idsOf(listAt(auth.body, 'auth_chain')).includes(joined.eventId));
  for (const kind of ['state', 'state_ids'] as const) {
    assertRefused(await asker.at(kind, roomId, '$unknown'), 404, 'M_NOT_FOUND');
  }
  assertRefused(await asker.get(pathOf`/state/${roomId}`), 400, 'M_MISSING_PARAM');
  assertRefused(await asker.get(pathOf`/event_auth/${roomId}/$unknown`), 404, 'M_NOT_FOUND');
});

test('the event closest to a time', async ({ one, newPeer }) => {
  const alice = await registerUser(one, 'clock');
  const bob = new PlayedUser(await newPeer(), 'bob');
  const asker = new Asker(bob.peer, one);
  const roomId = await createRoom(alice, open);
  const first = await sendText(alice, roomId, 'first');
  await bob.become(one, 'join', roomId);
  const event = valueAt((await asker.get(pathOf`/event/${first}`)).body, 'pdus', 0);
  const ts = Number(valueAt(event, 'origin_server_ts'));
  const near = await asker.near(roomId, ts, 'f');
  assert.equal(valueAt(near.body, 'origin_server_ts'), ts);
  assert.ok(textAt(near.body, 'event_id').startsWith('$'));
  assertRefused(await asker.near(roomId, 1, 'b'), 404, 'M_NOT_FOUND');
  assertRefused(await asker.near(roomId, Date.now() + 60_000, 'f'), 404, 'M_NOT_FOUND');
  assertRefused(await asker.near(roomId, ts, 'x'), 400, 'M_INVALID_PARAM');
});

test('what the users of a server may not see it gets without its content', async ({
  one,
  newPeer,
}) => {
  const alice = await registerUser(one, 'discreet');
  const bob = new PlayedUser(await newPeer(), 'bob');
  const asker = new Asker(bob.peer, one);
  const initial_state = [
    { type: 'm.room.history_visibility', content: { history_visibility: 'joined' } },
  ];
  const roomId = await createRoom(alice, { ...open, initial_state });
  const [secret = ''] = await sayMany(alice, roomId, 1);
  await bob.become(one, 'join', roomId);
  const [heard = ''] = await sayMany(alice, roomId, 1);
  const { body } = await asker.backfill(roomId, [heard], 10);
  const pdus = listAt(body, 'pdus');
  assert.deepEqual(contentOf(pdus, secret), {}, 'redacted, and still the same event');
  assert.deepEqual(contentOf(pdus, heard), { msgtype: 'm.text', body: '0' });
  const single = await asker.get(pathOf`/event/${secret}`);
  assert.deepEqual(contentOf(listAt(single.body, 'pdus'), secret), {});
  const missing = await asker.missing(roomId, { earliest_events: [], latest_events: [heard] });
  assert.deepEqual(contentOf(listAt(missing.body, 'events'), secret), {});
});

test('a redacted event goes out redacted', async ({ one, newPeer }) => {
  const alice = await registerUser(one, 'redactor');
  const bob = new PlayedUser(await newPeer(), 'bob');
  const asker = new Asker(bob.peer, one);
  const roomId = await createRoom(alice, open);
  const regretted = await sendEvent(alice, roomId, 'm.room.message', {
    msgtype: 'm.text',
    body: 'regretted',
  });
  const path = pathOf`/_matrix/client/v3/rooms/${roomId}/redact/${regretted}/t`;
  assert.equal((await alice.request('PUT', path, { body: {} })).status, 200);
  await bob.become(one, 'join', roomId);
  const { body } = await asker.get(pathOf`/event/${regretted}`);
  const [event] = listAt(body, 'pdus');
  assert.ok(isJsonObject(event));
  assert.equal(idOf(event, version), regretted, 'its ID holds');
  assert.deepEqual(event['content'], {});
});

test('a server that has left gets what it could see, and a stranger nothing', async ({
  one,
  two,
  newPeer,
}) => {
  const alice = await registerUser(one, 'private');
  const bob = new PlayedUser(await newPeer(), 'bob');
  const stranger = new Asker(await newPeer(), one);
  const asker = new Asker(bob.peer, one);
  const roomId = await createRoom(alice, open);
  await bob.become(one, 'join', roomId);
  const [heard = ''] = await sayMany(alice, roomId, 1);
  await act(alice, roomId, 'kick', { user_id: bob.userId });
  const [later = ''] = await sayMany(alice, roomId, 1);
  const all = await asker.backfill(roomId, [later], 3);
  const ids = idsOf(listAt(all.body, 'pdus'));
  assert.ok(ids.includes(heard));
  assert.ok(!ids.includes(later));
  assert.equal((await asker.get(pathOf`/event/${heard}`)).status, 200);
  assert.equal((await asker.at('state_ids', roomId, heard)).status, 200);
  const closest = await asker.near(roomId, Date.now() + 1_000, 'b');
  assert.equal(closest.status, 200, JSON.stringify(closest.body));
  assert.notEqual(valueAt(closest.body, 'event_id'), later);
  const unheard = await asker.missing(roomId, { earliest_events: [heard], latest_events: [later] });
  assert.deepEqual(
    listAt(unheard.body, 'events').map((event) => textAt(event, 'type')),
    ['m.room.member'],
    'their own kick',
  );
  assertRefused(await asker.get(pathOf`/event/${later}`), 403, 'M_FORBIDDEN');
  assertRefused(await asker.at('state', roomId, later), 403, 'M_FORBIDDEN');
  assertRefused(await asker.get(pathOf`/event_auth/${roomId}/${later}`), 403, 'M_FORBIDDEN');

  for (const answer of [
    await stranger.backfill(roomId, [heard], 3),
    await stranger.missing(roomId, { earliest_events: [], latest_events: [later] }),
    await stranger.get(pathOf`/event/${heard}`),
    await stranger.at('state', roomId, heard),
    await stranger.at('state_ids', roomId, heard),
    await stranger.get(pathOf`/event_auth/${roomId}/${heard}`),
    await stranger.near(roomId, 0, 'f'),
  ]) {
    assertRefused(answer, 403, 'M_FORBIDDEN');
  }
  const unknown = `!unknown:${two.serverName}`;
  assertRefused(await asker.backfill(unknown, [heard], 3), 404, 'M_NOT_FOUND');
  assertRefused(await asker.at('state', unknown, heard), 404, 'M_NOT_FOUND');
  const elsewhere = await createRoom(alice, open);
  await bob.become(one, 'join', elsewhere);
  assertRefused(await asker.at('state', elsewhere, heard), 404, 'M_NOT_FOUND');
  assert.deepEqual(listAt((await asker.backfill(elsewhere, [heard], 3)).body, 'pdus'), []);
});
