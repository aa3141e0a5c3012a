import assert from 'node:assert/strict';

import { createRoom, joinRoom, sendState, sendText, type TestUser } from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { act, ok, readMessages, refusal, roomPath } from './requests.ts';
import { eventFrom, eventsFrom, find, memberIds, tell, type SeenEvent } from './seen-event.ts';
import { serverTests } from './server-test.ts';

const test = serverTests();

interface Context {
  readonly event: SeenEvent;
  readonly before: readonly SeenEvent[];
  readonly after: readonly SeenEvent[];
  readonly state: readonly SeenEvent[];
  readonly start: string;
  readonly end: string;
}

async function readContext(
  user: TestUser,
  roomId: string,
  eventId: string,
  query: Readonly<Record<string, string | number>> = {},
): Promise<Context> {
  const body = await ok(user, 'GET', roomPath(roomId, 'context', eventId), { query });
  return {
    event: eventFrom(valueAt(body, 'event')),
    before: eventsFrom(listAt(body, 'events_before')),
    after: eventsFrom(listAt(body, 'events_after')),
    state: eventsFrom(listAt(body, 'state')),
    start: textAt(body, 'start'),
    end: textAt(body, 'end'),
  };
}

async function roomOfFive(user: TestUser): Promise<{ roomId: string; ids: string[] }> {
  const roomId = await createRoom(user, { preset: 'public_chat' });
  const ids: string[] = [];
  for (const text of ['one', 'two', 'three', 'four', 'five']) {
    ids.push(await sendText(user, roomId, text));
  }
  return { roomId, ids };
}

test('an event comes with what was said around it, and tokens that lead on', async (given) => {
  const alice = await given.user('alice');
  const { roomId, ids } = await roomOfFive(alice);
  const context = await readContext(alice, roomId, ids[2] ?? '', { limit: 2 });
  assert.deepEqual(tell([context.event]), ['three']);
  assert.deepEqual(tell(context.before), ['two']);
  assert.deepEqual(tell(context.after), ['four']);
  const older = await readMessages(alice, roomId, { from: context.start, limit: 1 });
  assert.deepEqual(tell(older.events), ['one']);
  const newer = await readMessages(alice, roomId, { dir: 'f', from: context.end, limit: 5 });
  assert.deepEqual(tell(newer.events), ['five']);
  assert.equal(find(context.state, 'm.room.create')?.sender, alice.userId);
});

test('with a limit of 0 the event stands alone, and by default ten others around it', async (given) => {
  const alice = await given.user('alice');
  const { roomId, ids } = await roomOfFive(alice);
  const alone = await readContext(alice, roomId, ids[2] ?? '', { limit: 0 });
  assert.deepEqual([alone.before, alone.after], [[], []]);
  const from = { from: alone.start, limit: 1 };
  assert.deepEqual(tell((await readMessages(alice, roomId, from)).events), ['two']);
  const onwards = { dir: 'f', from: alone.end, limit: 1 };
  assert.deepEqual(tell((await readMessages(alice, roomId, onwards)).events), ['four']);
  const whole = await readContext(alice, roomId, ids[2] ?? '');
  assert.equal(whole.before.length, 5);
  assert.deepEqual(tell(whole.after), ['four', 'five']);
  const last = await readContext(alice, roomId, ids[4] ?? '');
  assert.deepEqual(tell(last.after), []);
});

test('the state is that of the last event shown, with the senders alone where members are lazy', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.user('bob');
  const roomId = await createRoom(alice, { preset: 'public_chat', topic: 'early' });
  await joinRoom(bob, roomId);
  const eventId = await sendText(alice, roomId, 'here');
  await sendText(alice, roomId, 'next');
  await sendState(alice, roomId, 'm.room.topic', '', { topic: 'late' });
  const topicOf = ({ state }: Context): unknown =>
    valueAt(find(state, 'm.room.topic')?.content, 'topic');
  const whole = await readContext(alice, roomId, eventId, { limit: 2 });
  assert.equal(topicOf(whole), 'early');
  assert.deepEqual(memberIds(whole.state), [alice.userId, bob.userId].toSorted());
  assert.equal(topicOf(await readContext(alice, roomId, eventId, { limit: 10 })), 'late');
  const filter = JSON.stringify({ lazy_load_members: true });
  const lazy = await readContext(alice, roomId, eventId, { limit: 0, filter });
  assert.deepEqual(memberIds(lazy.state), [alice.userId]);
});

test('the filter chooses among what surrounds the event, not the event', async (given) => {
  const alice = await given.user('alice');
  const { roomId, ids } = await roomOfFive(alice);
  await sendState(alice, roomId, 'm.room.topic', '', { topic: 'T' });
  const filter = JSON.stringify({ types: ['m.room.topic'] });
  const context = await readContext(alice, roomId, ids[2] ?? '', { filter });
  assert.deepEqual(tell([context.event]), ['three']);
  assert.deepEqual(tell(context.before), []);
  assert.deepEqual(tell(context.after), ['m.room.topic']);
  const elsewhere = JSON.stringify({ not_rooms: [roomId] });
  const nothing = await readContext(alice, roomId, ids[2] ?? '', { filter: elsewhere });
  assert.deepEqual([nothing.before, nothing.after, nothing.state], [[], [], []]);
});

test('what one may not see has no context, and none of it shows in another’s', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  const roomId = await createRoom(alice, {
    preset: 'public_chat',
    initial_state: [
      { type: 'm.room.history_visibility', content: { history_visibility: 'joined' } },
    ],
  });
  const hidden = await sendText(alice, roomId, 'hidden');
  await joinRoom(bob, roomId);
  const seen = await sendText(alice, roomId, 'seen');
  await act(bob, roomId, 'leave');
  await sendText(alice, roomId, 'later');
  const path = (id: string): string => roomPath(roomId, 'context', id);
  assert.equal(await refusal(bob, 'GET', path(hidden)), '404 M_NOT_FOUND');
  const context = await readContext(bob, roomId, seen);
  assert.ok(!tell(context.before).includes('hidden'));
  assert.deepEqual(tell(context.after), ['m.room.member']);
  assert.equal(await refusal(alice, 'GET', path('$nothing')), '404 M_NOT_FOUND');
  const other = await createRoom(alice);
  assert.equal(await refusal(alice, 'GET', roomPath(other, 'context', seen)), '404 M_NOT_FOUND');
  const query = { limit: -1 };
  assert.equal(await refusal(alice, 'GET', path(seen), { query }), '400 M_INVALID_PARAM');
  const wrong = { filter: 'not json' };
  assert.equal(await refusal(alice, 'GET', path(seen), { query: wrong }), '400 M_INVALID_PARAM');
});
