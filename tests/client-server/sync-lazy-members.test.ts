import assert from 'node:assert/strict';

import {
  createRoom,
  inviteUser,
  joinRoom,
  logIn,
  sendState,
  sendText,
  type TestUser,
} from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';
import { act, ok, v3 } from './requests.ts';
import { find, memberIds, type SeenEvent } from './seen-event.ts';
import { serverTests, type ServerUnderTest } from './server-test.ts';
import { expectJoined, sync, type SyncView } from './sync-view.ts';

const test = serverTests();
const lazy = { room: { timeline: { limit: 1 }, state: { lazy_load_members: true } } };
const redundant = {
  room: {
    timeline: { limit: 1 },
    state: { lazy_load_members: true, include_redundant_members: true },
  },
};

interface Cast {
  readonly roomId: string;
  readonly alice: TestUser;
  readonly members: readonly TestUser[];
}

/** A named room of Alice and six others. */
async function setUp(given: ServerUnderTest): Promise<Cast> {
  const alice = await given.newUser();
  const roomId = await createRoom(alice, { preset: 'public_chat', name: 'Lazy' });
  const members: TestUser[] = [];
  for (const name of ['ann', 'ben', 'cat', 'dan', 'eve', 'fay']) {
    const user = await given.user(name);
    await joinRoom(user, roomId);
    members.push(user);
  }
  return { roomId, alice, members };
}

function namesOf(...users: readonly (TestUser | undefined)[]): string[] {
  return users.map((user) => user?.userId ?? '').toSorted();
}

function membersIn(view: SyncView, roomId: string): unknown[] {
  const room = expectJoined(view, roomId);
  return memberIds([...room.state, ...room.timeline]);
}

test('only the members that are needed are told, never all', async (given) => {
  const { roomId, alice, members } = await setUp(given);
  const [ann, ben, cat, dan, eve, fay] = members;
  await sendText(ann ?? alice, roomId, 'hello');
  const room = expectJoined(await sync(alice, { filter: lazy }), roomId);
  const told = memberIds(room.state);
  const heroes = valueAt(room.json, 'summary', 'm.heroes');
  assert.ok(Array.isArray(heroes));
  const needed = new Set([alice.userId, ann?.userId ?? '', ...heroes.map(String)]);
  assert.deepEqual(told, [...needed].toSorted());
  assert.ok(find(room.state, 'm.room.name'));
  const all = namesOf(alice, ann, ben, cat, dan, eve, fay);
  const filter = { room: { timeline: { limit: 1 } } };
  assert.deepEqual(memberIds(expectJoined(await sync(alice, { filter }), roomId).state), all);
});

test('a member who was told is not told again, unless that is asked for', async (given) => {
  const { roomId, alice, members } = await setUp(given);
  const fay = members[5] ?? alice;
  const start = await sync(alice, { filter: lazy });
  await sendText(fay, roomId, 'first');
  const first = await sync(alice, { since: start.nextBatch, filter: lazy });
  await sendText(fay, roomId, 'second');
  const second = await sync(alice, { since: first.nextBatch, filter: lazy });
  const told = [membersIn(start, roomId), membersIn(first, roomId), membersIn(second, roomId)];
  assert.equal(told.flat().filter((userId) => userId === fay.userId).length, 1);
  await sendText(fay, roomId, 'third');
  const third = await sync(alice, { since: second.nextBatch, filter: redundant });
  assert.deepEqual(membersIn(third, roomId), [fay.userId]);
  const initial = await sync(alice, { filter: lazy });
  assert.ok(membersIn(initial, roomId).includes(fay.userId));
});

test('an answer that was lost is repeated with its members', async (given) => {
  const { roomId, alice, members } = await setUp(given);
  const [ann] = members;
  const filter = {
    room: { timeline: { limit: 1 }, state: { lazy_load_members: true } },
  };
  const start = await sync(alice, { filter: { room: { rooms: [], ...filter.room } } });
  await sendText(ann ?? alice, roomId, 'hello');
  const lost = await sync(alice, { since: start.nextBatch, filter });
  const again = await sync(alice, { since: start.nextBatch, filter });
  assert.deepEqual(membersIn(again, roomId), membersIn(lost, roomId));
});

test('each device is told on its own', async (given) => {
  const cast = await setUp(given);
  const { roomId, alice, members } = cast;
  const fay = members[5] ?? alice;
  const laptop = await logIn(given.server, alice.userId.slice(1).split(':')[0] ?? '');
  const [one, two] = [await sync(alice, { filter: lazy }), await sync(laptop, { filter: lazy })];
  await sendText(fay, roomId, 'hello');
  const expected = membersIn(await sync(alice, { since: one.nextBatch, filter: lazy }), roomId);
  const other = membersIn(await sync(laptop, { since: two.nextBatch, filter: lazy }), roomId);
  assert.deepEqual(other, expected);
});

test('memberships that change are told, lazily or not', async (given) => {
  const { roomId, alice, members } = await setUp(given);
  const [ann, ben, cat] = members;
  const gus = await given.newUser();
  const start = await sync(alice, { filter: lazy });
  await act(ann ?? alice, roomId, 'leave');
  await inviteUser(alice, roomId, gus.userId);
  const path = `${v3}/profile/${encodeURIComponent(ben?.userId ?? '')}/displayname`;
  await ok(ben ?? alice, 'PUT', path, { body: { displayname: 'Benjamin' } });
  await sendText(cat ?? alice, roomId, 'after all that');
  const view = await sync(alice, { since: start.nextBatch, filter: lazy });
  const { state } = expectJoined(view, roomId);
  const membershipOf = (user: TestUser | undefined, events: readonly SeenEvent[]): unknown =>
    valueAt(find(events, 'm.room.member', user?.userId)?.content, 'membership');
  assert.equal(membershipOf(ann, state), 'leave');
  assert.equal(membershipOf(gus, state), 'invite');
  const benEvent = find(state, 'm.room.member', ben?.userId);
  assert.equal(valueAt(benEvent?.content, 'displayname'), 'Benjamin');
});

test('a room that is joined anew is told lazily, with one’s own membership', async (given) => {
  const { roomId, members } = await setUp(given);
  const hal = await given.newUser();
  const start = await sync(hal, { filter: lazy });
  await joinRoom(hal, roomId);
  const ann = members[0] ?? hal;
  await sendText(ann, roomId, 'welcome');
  const view = await sync(hal, { since: start.nextBatch, filter: lazy });
  const told = membersIn(view, roomId);
  assert.ok(told.includes(hal.userId) && told.includes(ann.userId));
  assert.ok(told.length < 8, `${told.length} members`);
});

test('state of other kinds is told whole', async (given) => {
  const { roomId, alice } = await setUp(given);
  const start = await sync(alice, { filter: lazy });
  await sendState(alice, roomId, 'm.room.topic', '', { topic: 'new' });
  await sendText(alice, roomId, 'message');
  const view = await sync(alice, { since: start.nextBatch, filter: lazy });
  assert.ok(find(expectJoined(view, roomId).state, 'm.room.topic'));
});

test('the state after the timeline has the members of the timeline too', async (given) => {
  const { roomId, alice, members } = await setUp(given);
  const [ann = alice] = members;
  await joinRoom(ann, roomId);
  const bob = await given.newUser();
  const { nextBatch: since } = await sync(bob);
  await joinRoom(bob, roomId);
  const filter = { room: { timeline: { limit: 5 }, state: { lazy_load_members: true } } };
  for (const query of [{ since }, {}]) {
    const view = await sync(bob, { ...query, filter, useStateAfter: true });
    const { stateAfter, timeline } = expectJoined(view, roomId);
    const told = new Set(memberIds(stateAfter));
    assert.ok(told.has(bob.userId));
    for (const { sender } of timeline) assert.ok(told.has(sender), sender);
  }
});
