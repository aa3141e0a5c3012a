import assert from 'node:assert/strict';

import {
  createRoom,
  joinRoom,
  sendEvent,
  sendState,
  sendText,
  type TestUser,
} from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';
import { act, readMessages, refusal, roomPath, type Page } from './requests.ts';
import { find, ids, memberIds, tell, type SeenEvent } from './seen-event.ts';
import { serverTests } from './server-test.ts';
import { expectJoined, sync } from './sync-view.ts';

const test = serverTests();

async function sendTexts(
  user: TestUser,
  roomId: string,
  texts: readonly string[],
): Promise<string[]> {
  const sent: string[] = [];
  for (const text of texts) sent.push(await sendText(user, roomId, text));
  return sent;
}

/** Follows `end` tokens until there is none. */
async function readAll(
  user: TestUser,
  roomId: string,
  query: Readonly<Record<string, string | number>>,
  filter?: object,
): Promise<{ pages: Page[]; events: SeenEvent[] }> {
  const pages: Page[] = [];
  for (let from: unknown; pages.length < 50;) {
    const page = await readMessages(
      user,
      roomId,
      {
        ...query,
        ...(typeof from === 'string' ? { from } : {}),
      },
      filter,
    );
    pages.push(page);
    from = page.end;
    if (from === undefined) return { pages, events: pages.flatMap(({ events }) => events) };
  }
  throw new Error('paging did not come to an end');
}

const numbers = Array.from({ length: 12 }, (_, index) => `message ${index + 1}`);

test('paging back and forth goes over every event once, in order', async (given) => {
  const alice = await given.user('alice');
  const roomId = await createRoom(alice);
  await sendTexts(alice, roomId, numbers);
  const back = await readAll(alice, roomId, { dir: 'b', limit: 5 });
  assert.deepEqual(tell(back.events).slice(0, 12), numbers.toReversed());
  assert.equal(back.events.at(-1)?.type, 'm.room.create');
  assert.equal(new Set(ids(back.events)).size, back.events.length);
  const forth = await readAll(alice, roomId, { dir: 'f', limit: 5 });
  assert.deepEqual(ids(forth.events), ids(back.events).toReversed());
  for (const { pages } of [back, forth]) {
    assert.ok(pages.slice(0, -1).every(({ events }) => events.length === 5));
    assert.equal(pages.at(-1)?.end, undefined);
  }
});

test('a page that ends exactly at the end of history leads to an end', async (given) => {
  const alice = await given.user('alice');
  const roomId = await createRoom(alice);
  const { events } = await readAll(alice, roomId, { limit: 1 });
  const whole = await readAll(alice, roomId, { limit: events.length });
  assert.deepEqual(ids(whole.events), ids(events));
});

test('the default is ten events, back from the newest', async (given) => {
  const alice = await given.user('alice');
  const roomId = await createRoom(alice);
  await sendTexts(alice, roomId, numbers);
  const page = await readMessages(alice, roomId);
  assert.deepEqual(tell(page.events), numbers.toReversed().slice(0, 10));
});

test('history is read from and to tokens of sync', async (given) => {
  const alice = await given.user('alice');
  const roomId = await createRoom(alice);
  await sendTexts(alice, roomId, ['before 1', 'before 2']);
  const first = await sync(alice);
  await sendTexts(alice, roomId, ['between 1', 'between 2']);
  const second = await sync(alice, { since: first.nextBatch });
  await sendTexts(alice, roomId, ['after']);

  const [from, to] = [first.nextBatch, second.nextBatch];
  const forth = await readMessages(alice, roomId, { dir: 'f', from, limit: 50 });
  assert.deepEqual(tell(forth.events), ['between 1', 'between 2', 'after']);
  const back = await readMessages(alice, roomId, { dir: 'b', from: to, limit: 3 });
  assert.deepEqual(tell(back.events), ['between 2', 'between 1', 'before 2']);
  const bounded = await readMessages(alice, roomId, { dir: 'f', from, to, limit: 50 });
  assert.deepEqual(tell(bounded.events), ['between 1', 'between 2']);
  const boundedBack = await readMessages(alice, roomId, {
    dir: 'b',
    from: to,
    to: from,
    limit: 50,
  });
  assert.deepEqual(tell(boundedBack.events), ['between 2', 'between 1']);
  const stepwise = await readAll(alice, roomId, { dir: 'b', to: from, limit: 1 });
  assert.deepEqual(tell(stepwise.events), ['after', 'between 2', 'between 1']);
});

test('the tokens of a page lead both ways from it, also when more has been sent', async (given) => {
  const alice = await given.user('alice');
  const roomId = await createRoom(alice);
  await sendTexts(alice, roomId, numbers);
  const page = await readMessages(alice, roomId, { limit: 4 });
  await sendTexts(alice, roomId, ['later 1', 'later 2']);
  const [start, end] = [String(page.start), String(page.end)];
  const newer = await readMessages(alice, roomId, { dir: 'f', from: start });
  assert.deepEqual(tell(newer.events), ['later 1', 'later 2']);
  const older = await readMessages(alice, roomId, { dir: 'b', from: end, limit: 2 });
  assert.deepEqual(tell(older.events), ['message 8', 'message 7']);
  const again = await readMessages(alice, roomId, { dir: 'f', from: end, limit: 2 });
  assert.deepEqual(tell(again.events), ['message 9', 'message 10']);
  assert.equal(newer.start, start);
});

test('prev_batch of a limited timeline leads to exactly what was left out', async (given) => {
  const alice = await given.user('alice');
  const roomId = await createRoom(alice);
  const { nextBatch } = await sync(alice);
  await sendTexts(alice, roomId, numbers);
  for (const limit of [0, 1, 5]) {
    const filter = { room: { timeline: { limit } } };
    const room = expectJoined(await sync(alice, { since: nextBatch, filter }), roomId);
    assert.equal(room.limited, true);
    assert.equal(room.timeline.length, limit);
    const later = await sendText(alice, roomId, `after the sync with ${limit}`);
    const gap = await readAll(alice, roomId, { from: room.prevBatch, to: nextBatch, limit: 4 });
    const seen = [...gap.events.toReversed(), ...room.timeline];
    assert.deepEqual(tell(seen).slice(0, 12), numbers);
    assert.ok(!ids(seen).includes(later));
  }
});

test('a filter chooses events by type, sender, and whether they hold a URL', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.user('bob');
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId);
  await sendText(alice, roomId, 'from Alice');
  await sendEvent(alice, roomId, 'm.room.message', { body: 'file', url: 'mxc://soma.test/a' });
  await sendEvent(bob, roomId, 'org.example.a', { body: 'custom' });
  await sendText(bob, roomId, 'from Bob');
  const table: readonly (readonly [object, readonly string[]])[] = [
    [{ types: ['m.room.message'] }, ['from Bob', 'file', 'from Alice']],
    [{ types: ['org.*'] }, ['custom']],
    [{ not_types: ['m.*'] }, ['custom']],
    [{ types: ['m.room.message'], senders: [bob.userId] }, ['from Bob']],
    [{ not_senders: [alice.userId], not_types: ['m.room.member'] }, ['from Bob', 'custom']],
    [{ contains_url: true }, ['file']],
    [{ contains_url: false, types: ['m.room.message'] }, ['from Bob', 'from Alice']],
    [{ types: [] }, []],
    [{ rooms: ['!other:soma.test'] }, []],
    [{ not_rooms: [roomId] }, []],
    [{ rooms: [roomId], types: ['org.example.a'] }, ['custom']],
  ];
  for (const [filter, expected] of table) {
    const { events } = await readAll(alice, roomId, { limit: 3 }, filter);
    assert.deepEqual(tell(events), expected, JSON.stringify(filter));
  }
});

test('the limit of a filter counts where the query has none', async (given) => {
  const alice = await given.user('alice');
  const roomId = await createRoom(alice);
  await sendTexts(alice, roomId, numbers);
  assert.equal((await readMessages(alice, roomId, {}, { limit: 3 })).events.length, 3);
  assert.equal((await readMessages(alice, roomId, { limit: 4 }, { limit: 3 })).events.length, 4);
});

test('with lazy members a page brings the member events of its senders', async (given) => {
  const alice = await given.user('alice');
  const [bob, carol] = [await given.user('bob'), await given.user('carol')];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId);
  await joinRoom(carol, roomId);
  await sendText(bob, roomId, 'from Bob');
  await sendText(alice, roomId, 'from Alice');
  const lazy = { lazy_load_members: true, types: ['m.room.message'] };
  const one = await readMessages(alice, roomId, { limit: 1 }, lazy);
  assert.deepEqual(memberIds(one.state), [alice.userId]);
  const two = await readMessages(alice, roomId, { limit: 2 }, lazy);
  assert.deepEqual(memberIds(two.state), [alice.userId, bob.userId]);
  assert.ok(find(two.state, 'm.room.member', bob.userId)?.eventId);
  assert.equal((await readMessages(alice, roomId, { limit: 2 })).state.length, 0);
});

test('parameters that make no sense are refused', async (given) => {
  const alice = await given.user('alice');
  const roomId = await createRoom(alice);
  const path = roomPath(roomId, 'messages');
  const wrong = [
    { from: 'nonsense' },
    { to: 'nonsense' },
    { dir: 'sideways' },
    { limit: -1 },
    { limit: 'many' },
    { filter: '{' },
    { filter: '{"types":"m.room.message"}' },
  ];
  for (const query of wrong) {
    const found = await refusal(alice, 'GET', path, { query: { dir: 'b', ...query } });
    assert.match(found, /^400 M_/, JSON.stringify(query));
  }
  const elsewhere = roomPath('!nowhere:soma.test', 'messages');
  assert.match(await refusal(alice, 'GET', elsewhere, { query: { dir: 'b' } }), /^40[34] M_/);
});

test('a former member reads up to the leave and the state at it, and nothing later', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.user('bob');
  const roomId = await createRoom(alice, { preset: 'public_chat', topic: 'then' });
  await joinRoom(bob, roomId);
  await sendText(alice, roomId, 'seen');
  await act(bob, roomId, 'leave');
  const secret = await sendText(alice, roomId, 'unseen');
  await sendState(alice, roomId, 'm.room.topic', '', { topic: 'now' });
  const page = await readMessages(bob, roomId, { limit: 2 });
  assert.deepEqual(tell(page.events), ['m.room.member', 'seen']);
  const forth = await readAll(bob, roomId, { dir: 'f' });
  assert.ok(!tell(forth.events).includes('unseen'));
  const alicesToken = (await sync(alice)).nextBatch;
  const stolen = await readMessages(bob, roomId, { from: alicesToken, limit: 2 });
  assert.ok(!tell(stolen.events).includes('unseen'));
  assert.equal(await refusal(bob, 'GET', roomPath(roomId, 'event', secret)), '404 M_NOT_FOUND');
  const topic = await bob.request('GET', roomPath(roomId, 'state', 'm.room.topic'));
  assert.equal(valueAt(topic.body, 'topic'), 'then');
  const membersThen = { query: { at: alicesToken } };
  assert.equal(
    await refusal(bob, 'GET', roomPath(roomId, 'members'), membersThen),
    '403 M_FORBIDDEN',
  );
});
