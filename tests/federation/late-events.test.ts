import assert from 'node:assert/strict';

import { isJsonObject, roomVersion, type JsonObject } from '@soma/protocol';

import { ok, readEvent, roomPath } from '../client-server/requests.ts';
import type { Response } from '../harness/api.ts';
import {
  createRoom,
  joinRoom,
  registerUser,
  sendEvent,
  sendText,
  sync,
} from '../harness/client.ts';
import type { TestUser } from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { startPushGateway } from '../harness/push-gateway.ts';
import { assertRefused, federationTests, type FederationUnderTest } from './federation-test.ts';
import { said, sendPdus } from './forked-room.ts';
import { PlayedUser, signEvent, type SignedEvent } from './played-user.ts';
import { readHistory } from './room-texts.ts';

const test = federationTests({ ip_range_whitelist: ['127.0.0.0/8'] });

const version = roomVersion('11') ?? assert.fail();

/** A room with a user of a peer whose server brings events in the order that the test wants. */
class DisorderlyRoom {
  readonly alice: TestUser;
  readonly bob: PlayedUser;
  readonly roomId: string;
  readonly #server: string;
  readonly #template: JsonObject;
  #marks = 0;

  private constructor(
    alice: TestUser,
    bob: PlayedUser,
    roomId: string,
    server: string,
    template: JsonObject,
  ) {
    this.alice = alice;
    this.bob = bob;
    this.roomId = roomId;
    this.#server = server;
    this.#template = template;
  }

  static async open(
    { one, newPeer }: FederationUnderTest,
    localpart: string,
  ): Promise<DisorderlyRoom> {
    const alice = await registerUser(one, localpart);
    const bob = new PlayedUser(await newPeer(), 'bob');
    const roomId = await createRoom(alice, { preset: 'public_chat', room_version: '11' });
    await bob.become(one, 'join', roomId);
    const template = valueAt((await bob.make(one, 'leave', roomId)).body, 'event');
    assert.ok(isJsonObject(template));
    const { state_key: _, ...event } = template;
    return new DisorderlyRoom(alice, bob, roomId, one.serverName, event);
  }

  /** An event of bob, beside all others that he makes. */
  make(event: JsonObject): SignedEvent {
    return signEvent(this.bob.peer, version, { ...this.#template, ...event });
  }

  /** What relates to another event. */
  relating(parentId: string, relation: JsonObject, event: JsonObject = {}): SignedEvent {
    const content = { msgtype: 'm.text', body: 'related', ...Object(event['content']) };
    return this.make({
      type: 'm.room.message',
      ...event,
      content: { ...content, 'm.relates_to': { event_id: parentId, ...relation } },
    });
  }

  /** Brings events, and waits until the server has taken them all. */
  async bring(...events: readonly SignedEvent[]): Promise<void> {
    const mark = this.make(said(`mark ${(this.#marks += 1)}`));
    const all = [...events, mark];
    const pdus = all.map(({ pdu }) => pdu);
    await sendPdus(this.bob, this.#server, pdus);
    for (let shown = '', since: string | undefined; !shown.includes(mark.eventId);) {
      const next = await sync(this.alice, since === undefined ? {} : { since, timeoutMs: 10_000 });
      [shown, since] = [JSON.stringify(next.body), next.nextBatch];
    }
  }

  relations(parentId: string, query: { readonly recurse?: boolean } = {}): Promise<unknown[]> {
    return relationsOf(this.alice, this.roomId, parentId, query);
  }
}

async function relationsOf(
  user: TestUser,
  roomId: string,
  parentId: string,
  query: { readonly recurse?: boolean } = {},
): Promise<unknown[]> {
  const path = `/_matrix/client/v1/rooms/${encodeURIComponent(roomId)}/relations/${encodeURIComponent(parentId)}`;
  const body = await ok(user, 'GET', path, { query });
  return listAt(body, 'chunk')
    .map((event) => textAt(event, 'event_id'))
    .toSorted();
}

async function unread(user: TestUser, roomId: string): Promise<unknown> {
  const { body } = await sync(user);
  return valueAt(body, 'rooms', 'join', roomId, 'unread_notifications');
}

test('what was redacted before it came is nothing to anybody', async (given) => {
  const room = await DisorderlyRoom.open(given, 'redacted');
  const { alice, roomId } = room;
  const gateway = await startPushGateway();
  try {
    await ok(alice, 'POST', '/_matrix/client/v3/pushers/set', {
      body: {
        kind: 'http',
        app_id: 'test',
        pushkey: 'redacted',
        app_display_name: 'Test',
        device_display_name: 'Test',
        lang: 'en',
        data: { url: gateway.url, format: 'event_id_only' },
      },
    });
    const parent = await sendText(alice, roomId, 'parent');
    const mentions = { 'm.mentions': { user_ids: [alice.userId] }, body: 'not to be seen' };
    const secrets = [
      room.make({ type: 'm.room.message', content: { msgtype: 'm.text', ...mentions } }),
      room.relating(parent, { rel_type: 'm.thread' }, { content: mentions }),
      room.relating(parent, { rel_type: 'm.annotation', key: 'x' }, { type: 'm.reaction' }),
    ];
    const redactions = secrets.map(({ eventId }) =>
      room.make({ type: 'm.room.redaction', content: { redacts: eventId } }),
    );
    await room.bring(...redactions);
    const before = await unread(alice, roomId);
    await room.bring(...secrets);
    for (const [index, { eventId }] of secrets.entries()) {
      const { content, unsigned } = await readEvent(alice, roomId, eventId);
      assert.deepEqual(content, {});
      const because = valueAt(unsigned, 'redacted_because', 'event_id');
      assert.equal(because, redactions[index]?.eventId);
    }
    assert.deepEqual(await unread(alice, roomId), {
      highlight_count: valueAt(before, 'highlight_count'),
      // The mark alone.
      notification_count: Number(valueAt(before, 'notification_count')) + 1,
    });
    assert.deepEqual(await room.relations(parent), []);
    assert.equal(
      valueAt((await readEvent(alice, roomId, parent)).unsigned, 'm.relations'),
      undefined,
    );
    const last = room.make(said('last'));
    await room.bring(last);
    const told = await gateway.until('redacted', (all) =>
      JSON.stringify(all).includes(last.eventId),
    );
    for (const { eventId } of secrets) assert.ok(!JSON.stringify(told).includes(eventId));
    const search = { search_categories: { room_events: { search_term: 'seen' } } };
    const found = await ok(alice, 'POST', '/_matrix/client/v3/search', { body: search });
    assert.equal(valueAt(found, 'search_categories', 'room_events', 'count'), 0);
  } finally {
    await gateway.close();
  }
});

test('what relates to an event that comes later is related to it then', async (given) => {
  const room = await DisorderlyRoom.open(given, 'related');
  const { alice, roomId } = room;
  const parent = room.make(said('parent'));
  const { eventId: parentId } = parent;
  const reaction = { rel_type: 'm.annotation', key: 'x' };
  const reactionEvent = room.relating(parentId, reaction, { type: 'm.reaction' });
  const edit = room.relating(
    parentId,
    { rel_type: 'm.replace' },
    { content: { 'm.new_content': { msgtype: 'm.text', body: 'edited' } } },
  );
  const answers = [1, 2].map((number) =>
    room.relating(parentId, { rel_type: 'm.thread' }, { content: { body: `answer ${number}` } }),
  );
  const reference = room.relating(parentId, { rel_type: 'm.reference' });
  const withdrawn = room.relating(
    parentId,
    { rel_type: 'm.reference' },
    { content: { body: 'w' } },
  );
  const redaction = room.make({
    type: 'm.room.redaction',
    content: { redacts: withdrawn.eventId },
  });
  const [first] = answers;
  assert.ok(first !== undefined);
  const indirect = room.relating(first.eventId, reaction, { type: 'm.reaction' });
  const children = [reactionEvent, edit, ...answers, reference];
  await room.bring(...children, indirect, withdrawn, redaction);
  const path = roomPath(roomId, 'relations').replace('/v3/', '/v1/');
  assert.equal((await alice.request('GET', `${path}/${encodeURIComponent(parentId)}`)).status, 404);
  await room.bring(parent);
  const childIds = children.map(({ eventId }) => eventId).toSorted();
  assert.deepEqual(await room.relations(parentId), childIds);
  assert.deepEqual(
    await room.relations(parentId, { recurse: true }),
    [...childIds, indirect.eventId].toSorted(),
  );
  const { unsigned } = await readEvent(alice, roomId, parentId);
  const relations = valueAt(unsigned, 'm.relations');
  assert.equal(valueAt(relations, 'm.replace', 'event_id'), edit.eventId);
  assert.equal(valueAt(relations, 'm.thread', 'count'), 2);
  assert.equal(valueAt(relations, 'm.thread', 'latest_event', 'event_id'), answers[1]?.eventId);
  assert.deepEqual(listAt(relations, 'm.reference', 'chunk'), [{ event_id: reference.eventId }]);
  const threads = await ok(alice, 'GET', path.replace('/relations', '/threads'));
  assert.deepEqual(
    listAt(threads, 'chunk').map((root) => textAt(root, 'event_id')),
    [parentId],
  );
  // An answer to what has its place now goes the usual way.
  const late = await sendEvent(alice, roomId, 'm.room.message', {
    msgtype: 'm.text',
    body: 'late',
    'm.relates_to': { rel_type: 'm.thread', event_id: parentId },
  });
  const thread = valueAt((await readEvent(alice, roomId, parentId)).unsigned, 'm.relations');
  assert.equal(valueAt(thread, 'm.thread', 'count'), 3);
  assert.equal(valueAt(thread, 'm.thread', 'latest_event', 'event_id'), late);
});

/** The unread counts of the main timeline and of threads. */
async function unreadByThread(
  user: TestUser,
  roomId: string,
): Promise<{ main: unknown; threads: unknown }> {
  const { body } = await sync(user, {
    filter: { room: { timeline: { unread_thread_notifications: true } } },
  });
  const joined = valueAt(body, 'rooms', 'join', roomId);
  return {
    main: valueAt(joined, 'unread_notifications', 'notification_count'),
    threads: valueAt(joined, 'unread_thread_notifications') ?? {},
  };
}

test('an answer that comes before the root of its thread is unread and read in it', async (given) => {
  const room = await DisorderlyRoom.open(given, 'early-answers');
  const { alice, roomId } = room;
  const root = room.make(said('root'));
  const [first, second] = ['first', 'second'].map((body) =>
    room.relating(root.eventId, { rel_type: 'm.thread' }, { content: { body } }),
  );
  assert.ok(first !== undefined && second !== undefined);
  const inThread = (count: number): unknown => ({
    [root.eventId]: { notification_count: count, highlight_count: 0 },
  });
  const read = (eventId: string, threadId: string): Promise<Response> => {
    const body = { thread_id: threadId };
    return alice.request('POST', roomPath(roomId, 'receipt', 'm.read', eventId), { body });
  };
  await room.bring(first, second);
  // The mark is in the main timeline.
  assert.deepEqual(await unreadByThread(alice, roomId), { main: 1, threads: inThread(2) });
  assertRefused(await read(first.eventId, 'main'), 400, 'M_INVALID_PARAM');
  assert.equal((await read(first.eventId, root.eventId)).status, 200);
  assert.deepEqual(await unreadByThread(alice, roomId), { main: 1, threads: inThread(1) });
  const { body } = await sync(alice);
  const [receipts] = listAt(body, 'rooms', 'join', roomId, 'ephemeral', 'events');
  const receipt = valueAt(receipts, 'content', first.eventId, 'm.read', alice.userId);
  assert.equal(valueAt(receipt, 'thread_id'), root.eventId);
  await room.bring(root);
  assert.deepEqual(await unreadByThread(alice, roomId), { main: 3, threads: inThread(1) });
  assert.equal((await read(second.eventId, root.eventId)).status, 200);
  assert.deepEqual(await unreadByThread(alice, roomId), { main: 3, threads: {} });
});

test('what relates to an answer in a thread is unread there in whatever order they come', async (given) => {
  for (const [order, isReversed] of [
    ['forwards', false],
    ['backwards', true],
  ] as const) {
    const room = await DisorderlyRoom.open(given, order);
    const { alice, roomId } = room;
    const root = await sendText(alice, roomId, 'root');
    const thread = { rel_type: 'm.thread' };
    const line = [room.relating(root, thread)];
    // As far as relationships are followed, and one further.
    for (const hop of [1, 2, 3, 4]) {
      const mentions = hop === 2 ? { 'm.mentions': { user_ids: [alice.userId] } } : {};
      const content = { body: `hop ${hop}`, ...mentions };
      const parentId = line.at(-1)?.eventId ?? '';
      line.push(room.relating(parentId, { rel_type: 'm.reference' }, { content }));
    }
    const other = room.relating(root, thread, { content: { body: 'other' } });
    if (isReversed) line.reverse();
    await room.bring(...line.slice(0, 3), other, ...line.slice(3));
    const count = { notification_count: 5, highlight_count: 1 };
    assert.deepEqual(await unreadByThread(alice, roomId), { main: 2, threads: { [root]: count } });
    const receipt = roomPath(roomId, 'receipt', 'm.read', other.eventId);
    await ok(alice, 'POST', receipt, { body: { thread_id: root } });
    const left = { notification_count: isReversed ? 2 : 1, highlight_count: 0 };
    assert.deepEqual(await unreadByThread(alice, roomId), { main: 2, threads: { [root]: left } });
  }
});

test('what is read from the past is related to what came of it since', async ({ one, two }) => {
  const alice = await registerUser(one, 'past-alice');
  const bob = await registerUser(two, 'past-bob');
  const roomId = await createRoom(alice, { preset: 'public_chat', room_alias_name: 'past' });
  const parentId = await sendText(alice, roomId, 'parent');
  const inThread = { rel_type: 'm.thread', event_id: parentId };
  const early = await sendEvent(alice, roomId, 'm.room.message', {
    msgtype: 'm.text',
    body: 'early',
    'm.relates_to': inThread,
  });
  for (let index = 0; index < 130; index += 1) await sendText(alice, roomId, `text ${index}`);
  const answer = await sendEvent(alice, roomId, 'm.room.message', {
    msgtype: 'm.text',
    body: 'answer',
    'm.relates_to': inThread,
  });
  const reaction = await sendEvent(alice, roomId, 'm.reaction', {
    'm.relates_to': { rel_type: 'm.annotation', event_id: parentId, key: 'x' },
  });
  await joinRoom(bob, `#past:${one.serverName}`);
  const ids = (await readHistory(bob, roomId)).map((event) => textAt(event, 'event_id'));
  assert.ok(ids.includes(parentId) && ids.includes(reaction));
  assert.deepEqual(await relationsOf(bob, roomId, parentId), [early, answer, reaction].toSorted());
  const { unsigned } = await readEvent(bob, roomId, parentId);
  assert.equal(valueAt(unsigned, 'm.relations', 'm.thread', 'count'), 2);
  const latest = valueAt(unsigned, 'm.relations', 'm.thread', 'latest_event', 'event_id');
  assert.equal(latest, answer);
  // What is in a thread of the past is read in that thread.
  const receipt = roomPath(roomId, 'receipt', 'm.read', early);
  await ok(bob, 'POST', receipt, { body: { thread_id: parentId } });
});
