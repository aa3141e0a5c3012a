import assert from 'node:assert/strict';

import { createRoom, joinRoom, sendState, sendText, type TestUser } from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { ok, refusal, roomPath, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';

const test = serverTests();
const disabled = serverTests({ enable_search: false });
const path = `${v3}/search`;

interface Results {
  readonly ids: string[];
  readonly next: unknown;
  readonly body: unknown;
}

async function search(
  user: TestUser,
  term: string,
  options: object = {},
  nextBatch?: unknown,
): Promise<Results> {
  const body = { search_categories: { room_events: { search_term: term, ...options } } };
  const query = typeof nextBatch === 'string' ? { next_batch: nextBatch } : {};
  const answer = await ok(user, 'POST', path, { body, query });
  const found = valueAt(answer, 'search_categories', 'room_events');
  return {
    ids: listAt(found, 'results').map((one) => textAt(one, 'result', 'event_id')),
    next: valueAt(found, 'next_batch'),
    body: found,
  };
}

test('words are found in messages, names and topics, whatever their case', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  const message = await sendText(alice, roomId, 'The Quick brown fox, naïvely');
  await sendText(alice, roomId, 'quick silver');
  const name = await sendState(alice, roomId, 'm.room.name', '', { name: 'quick name' });
  const topic = await sendState(alice, roomId, 'm.room.topic', '', { topic: 'quick topic' });
  assert.equal((await search(alice, 'QUICK')).ids.length, 4);
  assert.deepEqual((await search(alice, 'fox quick')).ids, [message]);
  assert.deepEqual((await search(alice, 'naively')).ids, [message]);
  assert.deepEqual((await search(alice, 'quick', { keys: ['content.name'] })).ids, [name]);
  const two = { keys: ['content.name', 'content.topic'], order_by: 'recent' };
  assert.deepEqual((await search(alice, 'quick', two)).ids, [topic, name]);
  assert.deepEqual((await search(alice, 'quic')).ids, []);
  assert.deepEqual((await search(alice, 'quick', { keys: [] })).ids, []);
  const chinese = await sendText(alice, roomId, '你好世界');
  assert.deepEqual((await search(alice, '世界')).ids, [chinese]);
  const { body } = await search(alice, 'Fox');
  assert.deepEqual(valueAt(body, 'highlights'), ['fox']);
});

test('only what one may see is found, and nothing that was redacted', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const visibility = {
    type: 'm.room.history_visibility',
    content: { history_visibility: 'joined' },
  };
  const roomId = await createRoom(alice, { preset: 'public_chat', initial_state: [visibility] });
  const hidden = await sendText(alice, roomId, 'secret before');
  assert.deepEqual((await search(bob, 'secret')).ids, []);
  await joinRoom(bob, roomId);
  const seen = await sendText(alice, roomId, 'secret after');
  assert.deepEqual((await search(bob, 'secret')).ids, [seen]);
  assert.deepEqual((await search(alice, 'secret', { order_by: 'recent' })).ids, [seen, hidden]);
  await ok(alice, 'PUT', roomPath(roomId, 'redact', seen, 'once'), { body: {} });
  assert.deepEqual((await search(alice, 'secret')).ids, [hidden]);
  await ok(alice, 'POST', roomPath(roomId, 'leave'), { body: {} });
  assert.deepEqual((await search(alice, 'secret')).ids, []);
});

test('results come in pages, by room and by sender', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const rooms = [await createRoom(alice, { preset: 'public_chat' }), await createRoom(alice)];
  await joinRoom(bob, rooms[0] ?? '');
  const sent: string[] = [];
  for (let index = 0; index < 5; index += 1) {
    sent.push(await sendText(alice, rooms[index % 2] ?? '', `page ${index}`));
  }
  const byBob = await sendText(bob, rooms[0] ?? '', 'page of another');
  const newest = [...sent, byBob].toReversed();
  for (const options of [{ order_by: 'recent' }, { order_by: 'rank' }]) {
    const seen: string[] = [];
    let next: unknown;
    do {
      const page = await search(alice, 'page', { ...options, filter: { limit: 4 } }, next);
      seen.push(...page.ids);
      next = page.next;
    } while (next !== undefined);
    assert.deepEqual(seen.toSorted(), newest.toSorted());
    if (options.order_by === 'recent') assert.deepEqual(seen, newest);
  }
  const groupings = { group_by: [{ key: 'room_id' }, { key: 'sender' }] };
  const options = { order_by: 'recent', filter: { limit: 2 }, groupings };
  const { body } = await search(alice, 'page', options);
  assert.deepEqual(valueAt(body, 'groups', 'sender', bob.userId, 'results'), [byBob]);
  assert.equal(valueAt(body, 'groups', 'sender', bob.userId, 'next_batch'), undefined);
  const next = valueAt(body, 'groups', 'room_id', rooms[0] ?? '', 'next_batch');
  const more = await search(alice, 'page', { order_by: 'recent' }, next);
  assert.deepEqual(more.ids, [sent[2], sent[0]]);
  const filter = { rooms: [rooms[1]], senders: [alice.userId] };
  const filtered = await search(alice, 'page', { order_by: 'recent', filter });
  assert.deepEqual(filtered.ids, [sent[3], sent[1]]);
});

test('the context, the profiles and the state come with the results', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  const before = await sendText(alice, roomId, 'before');
  await sendText(alice, roomId, 'needle');
  const after = await sendText(alice, roomId, 'after');
  const { body } = await search(alice, 'needle', {
    event_context: { before_limit: 1, after_limit: 1, include_profile: true },
    include_state: true,
  });
  const context = valueAt(listAt(body, 'results')[0], 'context');
  const idsAt = (name: string): unknown[] =>
    listAt(context, name).map((event) => valueAt(event, 'event_id'));
  assert.deepEqual([idsAt('events_before'), idsAt('events_after')], [[before], [after]]);
  assert.equal(typeof valueAt(context, 'profile_info', alice.userId, 'displayname'), 'string');
  assert.ok(listAt(body, 'state', roomId).length > 3);
});

test('questions that make no sense are refused', async (given) => {
  const alice = await given.user('alice');
  const ask = (room_events: object, query: Record<string, string> = {}): Promise<string> =>
    refusal(alice, 'POST', path, { body: { search_categories: { room_events } }, query });
  assert.equal(await ask({}), '400 M_MISSING_PARAM');
  const older = '/_matrix/client/api/v1/search';
  await ok(alice, 'POST', older, { body: { search_categories: {} } });
  assert.equal(await ask({ search_term: '!?' }), '400 M_INVALID_PARAM');
  assert.equal(await ask({ search_term: 'a' }, { next_batch: 'x' }), '400 M_INVALID_PARAM');
  assert.equal(await ask({ search_term: 'a', keys: ['content.x'] }), '400 M_BAD_JSON');
  assert.equal(await ask({ search_term: 'a', filter: { limit: 'x' } }), '400 M_INVALID_PARAM');
});

disabled('search can be turned off', async (given) => {
  const alice = await given.user('alice');
  const body = { search_categories: { room_events: { search_term: 'a' } } };
  assert.equal(await refusal(alice, 'POST', path, { body }), '400 M_UNKNOWN');
});
