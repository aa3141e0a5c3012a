import assert from 'node:assert/strict';

import { createRoom, joinRoom, sendState, sendText, type TestUser } from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';
import { act, readMessages } from './requests.ts';
import { find, ids, memberIds, tell, type SeenEvent } from './seen-event.ts';
import { serverTests } from './server-test.ts';
import { expectJoined, expectLeft, sync, type RoomView } from './sync-view.ts';

const test = serverTests();

function timelineOf(limit: number): { room: { timeline: { limit: number } } } {
  return { room: { timeline: { limit } } };
}

function setTopic(user: TestUser, roomId: string, topic: string): Promise<string> {
  return sendState(user, roomId, 'm.room.topic', '', { topic });
}

function topicIn(events: readonly SeenEvent[]): unknown {
  return valueAt(events.findLast(({ type }) => type === 'm.room.topic')?.content, 'topic');
}

/** The state that a client holds which applies what it is told, as the specification says. */
class Client {
  readonly #state = new Map<string, string>();

  /** All of it, sorted. */
  told(): string[] {
    return [...this.#state].map((entry) => entry.join(' ')).toSorted();
  }

  apply({ state, stateAfter, timeline, json }: RoomView): void {
    const usesStateAfter = valueAt(json, 'state_after') !== undefined;
    for (const event of usesStateAfter ? stateAfter : [...state, ...timeline]) {
      if (typeof event.stateKey === 'string') {
        this.#state.set(`${event.type}/${event.stateKey}`, event.eventId);
      }
    }
  }
}

test('a timeline of up to the limit is whole, a longer one is limited', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  const { nextBatch } = await sync(alice);
  const sent: string[] = [];
  for (let n = 0; n < 4; n += 1) sent.push(await sendText(alice, roomId, `message ${n}`));
  for (const [limit, limited] of [
    [5, false],
    [4, false],
    [3, true],
    [1, true],
    [0, true],
  ] as const) {
    const view = await sync(alice, { since: nextBatch, filter: timelineOf(limit) });
    const room = expectJoined(view, roomId);
    assert.equal(room.limited, limited, String(limit));
    assert.deepEqual(ids(room.timeline), limit === 0 ? [] : sent.slice(-limit));
  }
  const initial = expectJoined(await sync(alice, { filter: timelineOf(2) }), roomId);
  assert.deepEqual(ids(initial.timeline), sent.slice(-2));
  assert.ok(initial.limited);
});

test('the default limit is ten', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  const { nextBatch } = await sync(alice);
  for (let n = 0; n < 11; n += 1) await sendText(alice, roomId, `message ${n}`);
  const room = expectJoined(await sync(alice, { since: nextBatch }), roomId);
  assert.deepEqual([room.timeline.length, room.limited], [10, true]);
});

test('the state of a gap is told up to the start of the timeline', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice, { topic: 'known' });
  const { nextBatch } = await sync(alice);
  await setTopic(alice, roomId, 'in the gap 1');
  await setTopic(alice, roomId, 'in the gap 2');
  const kept = await sendState(alice, roomId, 'org.example.s', 'k', { gap: true });
  for (let n = 0; n < 3; n += 1) await sendText(alice, roomId, `message ${n}`);
  await setTopic(alice, roomId, 'in the timeline');
  await sendText(alice, roomId, 'last');

  const room = expectJoined(await sync(alice, { since: nextBatch, filter: timelineOf(3) }), roomId);
  assert.deepEqual(tell(room.timeline), ['message 2', 'm.room.topic', 'last']);
  assert.equal(topicIn(room.state), 'in the gap 2');
  assert.deepEqual(ids(room.state).includes(kept), true);
  assert.equal(room.state.length, 2);
  const whole = expectJoined(await sync(alice, { since: nextBatch }), roomId);
  assert.deepEqual(whole.state, []);
  const fresh = expectJoined(await sync(alice, { filter: timelineOf(3) }), roomId);
  assert.equal(topicIn(fresh.state), 'in the gap 2');
  const sender = find(fresh.state, 'm.room.member', alice.userId);
  assert.ok(sender);
});

test('with use_state_after the state is that of the timeline’s end', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice, { topic: 'known' });
  const { nextBatch } = await sync(alice);
  await setTopic(alice, roomId, 'in the gap');
  for (let n = 0; n < 3; n += 1) await sendText(alice, roomId, `message ${n}`);
  const newest = await setTopic(alice, roomId, 'in the timeline');
  await sendText(alice, roomId, 'last');
  const filter = timelineOf(2);
  const query = { filter, useStateAfter: true };
  const room = expectJoined(await sync(alice, { ...query, since: nextBatch }), roomId);
  assert.deepEqual(ids(room.stateAfter), [newest]);
  assert.equal(valueAt(room.json, 'state'), undefined);
  const fresh = expectJoined(await sync(alice, query), roomId);
  assert.equal(topicIn(fresh.stateAfter), 'in the timeline');
  assert.ok(find(fresh.stateAfter, 'm.room.create'));

  const since = (await sync(alice)).nextBatch;
  await sendText(alice, roomId, 'no state');
  const quiet = expectJoined(await sync(alice, { since, useStateAfter: true }), roomId);
  assert.deepEqual(valueAt(quiet.json, 'state_after'), { events: [] });
});

test('with use_state_after a room that was left shows its state at the leave', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.newUser()];
  const roomId = await createRoom(alice, { preset: 'public_chat', topic: 'first' });
  await joinRoom(bob, roomId);
  const { nextBatch } = await sync(bob);
  const seen = await setTopic(alice, roomId, 'seen');
  await act(bob, roomId, 'leave');
  await setTopic(alice, roomId, 'unseen');
  const room = expectLeft(await sync(bob, { since: nextBatch, useStateAfter: true }), roomId);
  assert.equal(find(room.stateAfter, 'm.room.topic')?.eventId, seen);
  assert.ok(find(room.stateAfter, 'm.room.member', bob.userId));
  assert.equal(valueAt(room.json, 'state'), undefined);
});

test('joins and profiles in a gap are told in state', async (given) => {
  const alice = await given.newUser();
  const bob = await given.user('bob');
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  const { nextBatch } = await sync(alice);
  await joinRoom(bob, roomId);
  for (let n = 0; n < 3; n += 1) await sendText(alice, roomId, `message ${n}`);
  const view = await sync(alice, { since: nextBatch, filter: timelineOf(1) });
  assert.deepEqual(memberIds(expectJoined(view, roomId).state), [bob.userId]);
});

for (const useStateAfter of [false, true]) {
  test(`clients that follow end with the same state, ${useStateAfter ? 'state_after' : 'state'}`, async (given) => {
    const alice = await given.newUser();
    const bob = await given.newUser();
    const roomId = await createRoom(alice, { preset: 'public_chat' });
    const { nextBatch: before } = await sync(bob);
    await joinRoom(bob, roomId);
    const limits = [1, 2, 5, 100];
    const clients = limits.map((limit) => ({ limit, client: new Client(), since: before }));
    for (let round = 0; round < 4; round += 1) {
      for (let n = 0; n < round * 2; n += 1) {
        await setTopic(alice, roomId, `round ${round}.${n}`);
        await sendText(bob, roomId, `message ${round}.${n}`);
        if (n === 1) await sendState(alice, roomId, 'org.example.s', `${round}`, { n });
      }
      for (const one of clients) {
        const query = { since: one.since, filter: timelineOf(one.limit), useStateAfter };
        const view = await sync(bob, query);
        const room = view.joined(roomId);
        if (room !== undefined) one.client.apply(room);
        one.since = view.nextBatch;
      }
    }
    const fresh = new Client();
    fresh.apply(expectJoined(await sync(bob, { fullState: true, useStateAfter }), roomId));
    const expected = fresh.told();
    for (const { limit, client } of clients) {
      assert.deepEqual(client.told(), expected, `limit ${limit}`);
    }
  });
}

test('paging back from each limited timeline finds all that was said', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  let { nextBatch } = await sync(alice);
  const sent: string[] = [];
  const seen: string[] = [];
  for (const count of [3, 7, 1, 12]) {
    for (let n = 0; n < count; n += 1) sent.push(await sendText(alice, roomId, `${count}.${n}`));
    const view = await sync(alice, { since: nextBatch, filter: timelineOf(2) });
    const room = expectJoined(view, roomId);
    if (room.limited) {
      const query = { from: room.prevBatch, to: nextBatch, limit: 50 };
      seen.push(...ids((await readMessages(alice, roomId, query)).events).toReversed());
    }
    seen.push(...ids(room.timeline));
    nextBatch = view.nextBatch;
  }
  assert.deepEqual(seen, sent);
});
