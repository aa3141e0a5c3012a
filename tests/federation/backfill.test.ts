import assert from 'node:assert/strict';

import { isJsonObject, roomVersion, type JsonObject } from '@soma/protocol';

import { pathOf } from '../harness/api.ts';
import {
  createRoom,
  registerUser,
  sendState,
  sendText,
  sync,
  type TestUser,
} from '../harness/client.ts';
import type { FederatedServer } from '../harness/federation.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import type { TestPeer } from '../harness/peer.ts';
import { federationTests } from './federation-test.ts';
import { PlayedUser, signEvent, type SignedEvent } from './played-user.ts';

const test = federationTests();

const version = roomVersion('11') ?? assert.fail();
const v1 = '/_matrix/federation/v1';

/** A room of a server under test that a played user is in, and what that user has said where nobody heard it. */
interface TornRoom {
  readonly alice: TestUser;
  readonly roomId: string;
  /** What the server did not get; each refers to the one before. */
  readonly lost: readonly SignedEvent[];
  /** The last of what it got, after the gap. */
  readonly last: SignedEvent;
  /** What the peer answers to `/backfill`. */
  answers: JsonObject[];
}

/**
 * A peer sends an event whose ancestors it does not give but for the newest, so that a gap stays behind that one, which the
 * server takes in by the state that the peer tells.
 */
async function tearRoom(
  server: FederatedServer,
  peer: TestPeer,
  localpart: string,
  lostCount: number,
  firstPrevCount = 1,
): Promise<TornRoom> {
  const alice = await registerUser(server, localpart);
  const bob = new PlayedUser(peer, 'bob');
  const roomId = await createRoom(alice, { preset: 'public_chat', room_version: '11' });
  const joined = await bob.become(server, 'join', roomId);
  const stateOf = async (eventId: string): Promise<{ pdu_ids: string[]; chain: string[] }> => {
    const query = `?event_id=${encodeURIComponent(eventId)}`;
    const path = `${v1}${pathOf`/state_ids/${roomId}`}${query}`;
    const { body } = await peer.request(server.serverName, 'GET', path);
    return {
      pdu_ids: [...listAt(body, 'pdu_ids').map(String), joined.eventId],
      chain: listAt(body, 'auth_chain_ids').map(String),
    };
  };
  const { pdu_ids: stateIds, chain } = await stateOf(joined.eventId);
  const template = valueAt((await bob.make(server, 'leave', roomId)).body, 'event');
  assert.ok(isJsonObject(template));
  const authEvents = listAt(template, 'auth_events').map(String);
  const say = (text: string, after: string, depth: number, prevCount = 1): SignedEvent =>
    signEvent(peer, version, {
      type: 'm.room.message',
      room_id: roomId,
      sender: bob.userId,
      content: { msgtype: 'm.text', body: text },
      // Each later than what is there, and than the one before.
      origin_server_ts: Date.now() + depth * 1_000,
      depth,
      prev_events: Array.from({ length: prevCount }, () => after),
      auth_events: authEvents,
    });
  const lost: SignedEvent[] = [];
  let depth = Number(valueAt(template, 'depth'));
  for (let index = 0; index < lostCount; index += 1) {
    const prevCount = index === 0 ? firstPrevCount : 1;
    lost.push(say(`lost ${index}`, lost.at(-1)?.eventId ?? joined.eventId, depth, prevCount));
    depth += 1;
  }
  const far = say('far', lost.at(-1)?.eventId ?? '', depth);
  const last = say('last', far.eventId, depth + 1);
  const torn: TornRoom = { alice, roomId, lost, last, answers: lost.map(({ pdu }) => pdu) };
  peer.answer = (request, response) => {
    const url = request.url ?? '';
    const answer = url.includes('/get_missing_events/')
      ? { events: [] }
      : url.includes('/event/')
        ? { origin: peer.serverName, origin_server_ts: 0, pdus: [far.pdu] }
        : url.includes('/state_ids/')
          ? { pdu_ids: stateIds, auth_chain_ids: chain }
          : url.includes('/backfill/')
            ? { origin: peer.serverName, origin_server_ts: 0, pdus: torn.answers }
            : {};
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  };
  const transaction = { origin: peer.serverName, origin_server_ts: Date.now(), pdus: [last.pdu] };
  const sent = await peer.request(server.serverName, 'PUT', `${v1}/send/torn`, {
    body: transaction,
  });
  assert.equal(sent.status, 200, JSON.stringify(sent.body));
  await untilSeen(alice, roomId, last.eventId);
  return torn;
}

async function untilSeen(user: TestUser, roomId: string, eventId: string): Promise<void> {
  const path = pathOf`/_matrix/client/v3/rooms/${roomId}/event/${eventId}`;
  for (let tries = 0; tries < 200; tries += 1) {
    if ((await user.request('GET', path)).status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`${eventId} does not come`);
}

async function messages(
  user: TestUser,
  roomId: string,
  query: Readonly<Record<string, string | number>> = {},
): Promise<unknown> {
  const path = pathOf`/_matrix/client/v3/rooms/${roomId}/messages`;
  const answer = await user.request('GET', path, { query: { dir: 'b', limit: 50, ...query } });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
}

function saidIn(body: unknown): unknown[] {
  return listAt(body, 'chunk')
    .map((event) => valueAt(event, 'content', 'body'))
    .filter((text) => text !== undefined);
}

test('who reads on to a gap gets what another server has there, and nobody is told of it as new', async ({
  one,
  newPeer,
}) => {
  const peer = await newPeer();
  const { alice, roomId } = await tearRoom(one, peer, 'reader', 3);
  const { nextBatch: since, body: first } = await sync(alice);
  const timeline = valueAt(first, 'rooms', 'join', roomId, 'timeline');
  const shown = listAt(timeline, 'events').map((event) => valueAt(event, 'content', 'body'));
  assert.deepEqual(shown, ['far', 'last'], 'nothing from before the gap');
  assert.equal(valueAt(timeline, 'limited'), true);
  const whole = ['last', 'far', 'lost 2', 'lost 1', 'lost 0'];
  const page = await messages(alice, roomId);
  assert.deepEqual(saidIn(page), whole);
  assert.equal(textAt(listAt(page, 'chunk').at(-1), 'type'), 'm.room.create');
  assert.equal(peer.asked.filter((asked) => asked.includes('/backfill/')).length, 1);
  const news = await sync(alice, { since });
  assert.equal(valueAt(news.body, 'rooms'), undefined);
  assert.deepEqual(saidIn(await messages(alice, roomId)), whole);
  assert.equal(peer.asked.filter((asked) => asked.includes('/backfill/')).length, 1, 'once');
  await sendText(alice, roomId, 'after');
  assert.deepEqual(saidIn(await messages(alice, roomId)), ['after', ...whole]);
  const paged: unknown[] = [];
  for (let from: string | undefined, pages = 0; pages < 20; pages += 1) {
    const part = await messages(alice, roomId, {
      limit: 2,
      ...(from === undefined ? {} : { from }),
    });
    paged.push(...saidIn(part));
    const end = valueAt(part, 'end');
    if (typeof end !== 'string') break;
    from = end;
  }
  assert.deepEqual(paged, ['after', ...whole]);
});

test('an event of the past may have more prev events than a new one', async ({ one, newPeer }) => {
  const { alice, roomId } = await tearRoom(one, await newPeer(), 'many-parents', 2, 21);
  assert.deepEqual(saidIn(await messages(alice, roomId)), ['last', 'far', 'lost 1', 'lost 0']);
});

test('who joins a room of another server reads what was said there before', async ({
  one,
  two,
}) => {
  const [alice, bob] = [await registerUser(one, 'elder'), await registerUser(two, 'newcomer')];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  const said = Array.from({ length: 120 }, (_, index) => `said ${index}`);
  for (const text of said) await sendText(alice, roomId, text);
  await sendState(alice, roomId, 'm.room.topic', '', { topic: 'later' });
  const path = pathOf`/_matrix/client/v3/join/${roomId}`;
  const joined = await bob.request('POST', path, {
    query: { server_name: one.serverName },
    body: {},
  });
  assert.equal(joined.status, 200, JSON.stringify(joined.body));
  // The list of members waits for all of the room.
  await bob.request('GET', pathOf`/_matrix/client/v3/rooms/${roomId}/members`);
  const { nextBatch: since } = await sync(bob);
  const read: unknown[] = [];
  const types: string[] = [];
  for (let from: string | undefined, pages = 0; pages < 20; pages += 1) {
    const part = await messages(bob, roomId, {
      limit: 40,
      ...(from === undefined ? {} : { from }),
    });
    read.push(...saidIn(part));
    types.push(...listAt(part, 'chunk').map((event) => textAt(event, 'type')));
    const end = valueAt(part, 'end');
    if (typeof end !== 'string') break;
    from = end;
  }
  assert.deepEqual(read, said.toReversed());
  assert.equal(types.at(-1), 'm.room.create');
  assert.equal(types.filter((type) => type === 'm.room.topic').length, 1);
  const news = await sync(bob, { since });
  assert.equal(valueAt(news.body, 'rooms', 'join', roomId, 'timeline'), undefined);
});

test('what is forged, or of elsewhere, does not get into the past of a room', async ({
  one,
  newPeer,
}) => {
  const peer = await newPeer();
  const torn = await tearRoom(one, peer, 'wary', 2);
  const { alice, roomId } = torn;
  const [first, second] = torn.lost;
  assert.ok(first !== undefined && second !== undefined);
  const changed = { ...second.pdu, depth: 1 };
  const unasked = signEvent(peer, version, {
    ...second.pdu,
    content: { msgtype: 'm.text', body: 'unasked' },
  });
  const elsewhere = signEvent(peer, version, { ...second.pdu, room_id: `!x:${one.serverName}` });
  torn.answers = [changed, unasked.pdu, elsewhere.pdu, first.pdu, { not: 'an event' }];
  const page = await messages(alice, roomId);
  assert.deepEqual(saidIn(page), ['last', 'far']);
  assert.equal(typeof valueAt(page, 'end'), 'string', 'it can be asked for again');
});

test('what surrounds an event after a gap is filled in too', async ({ one, newPeer }) => {
  const peer = await newPeer();
  const { alice, roomId, last } = await tearRoom(one, peer, 'around', 2);
  const path = pathOf`/_matrix/client/v3/rooms/${roomId}/context/${last.eventId}`;
  const { body } = await alice.request('GET', path, { query: { limit: 8 } });
  const before = listAt(body, 'events_before').map((event) => valueAt(event, 'content', 'body'));
  assert.deepEqual(before.slice(0, 3), ['far', 'lost 1', 'lost 0']);
});

test('an event at a time is looked for at other servers where there is a gap', async ({
  one,
  newPeer,
}) => {
  const peer = await newPeer();
  const torn = await tearRoom(one, peer, 'timely', 2);
  const { alice, roomId } = torn;
  const [first] = torn.lost;
  assert.ok(first !== undefined);
  const ts = Number(valueAt(first.pdu, 'origin_server_ts'));
  const plain = peer.answer;
  peer.answer = (request, response) => {
    if (request.url?.includes('/timestamp_to_event/') !== true) {
      plain(request, response);
      return;
    }
    const answer = { event_id: first.eventId, origin_server_ts: ts };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  };
  const path = pathOf`/_matrix/client/v1/rooms/${roomId}/timestamp_to_event`;
  const { status, body } = await alice.request('GET', path, { query: { ts, dir: 'f' } });
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(valueAt(body, 'event_id'), first.eventId);
});
