import assert from 'node:assert/strict';

import { createRoom, inviteUser, joinRoom, sendState, sendText } from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';
import { act, outcome, v3 } from './requests.ts';
import { find, memberIds, tell } from './seen-event.ts';
import { serverTests } from './server-test.ts';
import { expectRoom, listOf, slide, slideDuring, slidingPath } from './sliding-view.ts';

const test = serverTests();

test('clients find sliding sync among the unstable features', async ({ server }) => {
  const answer = await fetch(`${server.url}/_matrix/client/versions`);
  const body: unknown = await answer.json();
  assert.equal(valueAt(body, 'unstable_features', 'org.matrix.simplified_msc3575'), true);
});

test('a list shows the rooms with the newest message first, within its range', async (given) => {
  const alice = await given.newUser();
  const rooms: string[] = [];
  for (let index = 0; index < 4; index += 1) rooms.push(await createRoom(alice));
  const [one = '', two = '', three = '', four = ''] = rooms;
  await sendText(alice, two, 'the newest');
  const view = await slide(alice, listOf({ ranges: [[0, 1]] }));
  assert.equal(view.count('all'), 4);
  assert.deepEqual(view.window('all'), [two, four]);
  assert.deepEqual([...view.roomIds].toSorted(), [two, four].toSorted());
  const stamps = [two, four].map((roomId) => Number(expectRoom(view, roomId).at('bump_stamp')));
  assert.ok((stamps[0] ?? 0) > (stamps[1] ?? 0));
  // State does not move a room; what has no place in the window is not told.
  await sendState(alice, one, 'm.room.topic', '', { topic: 'quiet' });
  const next = await slide(alice, listOf({ ranges: [[0, 1]] }), { pos: view.pos });
  assert.deepEqual(next.window('all'), [two, four]);
  assert.deepEqual(next.roomIds, []);
  const wider = await slide(alice, listOf({ ranges: [[0, 3]] }), { pos: next.pos });
  assert.deepEqual(wider.window('all'), [two, four, three, one]);
  assert.deepEqual([...wider.roomIds].toSorted(), [one, three].toSorted());
});

test('a room is told whole first, and then what is new', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.user('bob')];
  const roomId = await createRoom(alice, { preset: 'public_chat', name: 'Den' });
  await joinRoom(bob, roomId);
  await sendText(bob, roomId, 'one');
  const question = listOf({}, [['m.room.name', '']], 2);
  const first = await slide(alice, question);
  const room = expectRoom(first, roomId);
  assert.deepEqual(tell(room.timeline), ['m.room.member', 'one']);
  assert.deepEqual(tell(room.requiredState), ['m.room.name']);
  assert.deepEqual(
    ['initial', 'limited', 'num_live', 'name', 'joined_count', 'invited_count', 'membership'].map(
      (name) => room.at(name),
    ),
    [true, true, 0, 'Den', 2, 0, 'join'],
  );
  assert.equal(room.at('notification_count'), 1);
  await sendText(bob, roomId, 'two');
  const second = await slide(alice, question, { pos: first.pos });
  const news = expectRoom(second, roomId);
  assert.deepEqual(tell(news.timeline), ['two']);
  assert.deepEqual(
    ['initial', 'limited', 'num_live', 'name', 'joined_count', 'notification_count'].map((name) =>
      news.at(name),
    ),
    [undefined, false, 1, undefined, undefined, 2],
  );
  const third = await slide(alice, question, { pos: second.pos });
  assert.deepEqual(third.roomIds, []);
});

test('an answer that was lost is given again', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  const first = await slide(alice, listOf());
  await sendText(alice, roomId, 'hello');
  const lost = await slide(alice, listOf(), { pos: first.pos });
  const again = await slide(alice, listOf(), { pos: first.pos });
  assert.deepEqual(tell(expectRoom(again, roomId).timeline), ['hello']);
  const next = await slide(alice, listOf(), { pos: again.pos });
  assert.deepEqual(next.roomIds, []);
  const stale = await alice.request('POST', slidingPath, {
    body: listOf(),
    query: { pos: lost.pos },
  });
  assert.equal(outcome(stale), '400 M_UNKNOWN_POS');
});

test('positions of another connection or an earlier run of the server are not known', async (given) => {
  const alice = await given.newUser();
  await createRoom(alice);
  const a = await slide(alice, { ...listOf(), conn_id: 'a' });
  const b = await slide(alice, { ...listOf(), conn_id: 'b' });
  const post = async (body: object, pos: string): Promise<string> =>
    outcome(await alice.request('POST', slidingPath, { body, query: { pos } }));
  assert.equal(await post({ ...listOf(), conn_id: 'a' }, b.pos), '400 M_UNKNOWN_POS');
  assert.equal(await post(listOf(), a.pos), '400 M_UNKNOWN_POS');
  assert.equal(await post(listOf(), 'nonsense'), '400 M_UNKNOWN_POS');
  assert.equal(await post({ ...listOf(), conn_id: 'a' }, a.pos), '200');
  // Who begins anew ends what was before.
  await slide(alice, { ...listOf(), conn_id: 'b' });
  assert.equal(await post({ ...listOf(), conn_id: 'b' }, b.pos), '400 M_UNKNOWN_POS');
  await given.server.stop();
  await given.server.restart();
  assert.equal(await post({ ...listOf(), conn_id: 'a' }, a.pos), '400 M_UNKNOWN_POS');
});

test('a poll is woken by a message, and told of nothing when the time is over', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.user('bob')];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId);
  const { pos } = await slide(alice, listOf());
  const woken = await slideDuring(alice, listOf(), pos, () => sendText(bob, roomId, 'wake up'));
  assert.deepEqual(tell(expectRoom(woken, roomId).timeline), ['wake up']);
  const idle = await slide(alice, listOf(), { pos: woken.pos, timeoutMs: 50 });
  assert.deepEqual(idle.roomIds, []);
  const invited = await slideDuring(bob, listOf(), (await slide(bob, listOf())).pos, () =>
    createRoom(alice, { invite: [bob.userId], name: 'New' }),
  );
  assert.equal(invited.roomIds.length, 1);
});

test('the transaction ID comes back', async (given) => {
  const alice = await given.newUser();
  const view = await slide(alice, { ...listOf(), txn_id: 'mine' });
  assert.equal(valueAt(view.json, 'txn_id'), 'mine');
  assert.deepEqual(valueAt(view.json, 'extensions'), {});
});

test('a subscription shows its room whatever the lists show, and expands its timeline', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  for (const text of ['one', 'two', 'three']) await sendText(alice, roomId, text);
  const newer = await createRoom(alice);
  const list = listOf({ ranges: [[0, 0]] }, [], 1);
  const subscribe = (limit: number, state: readonly string[][] = []): object => ({
    ...list,
    room_subscriptions: { [roomId]: { timeline_limit: limit, required_state: state } },
  });
  const first = await slide(alice, subscribe(1));
  assert.deepEqual([...first.roomIds].toSorted(), [roomId, newer].toSorted());
  assert.deepEqual(tell(expectRoom(first, roomId).timeline), ['three']);
  const second = await slide(alice, subscribe(3, [['m.room.create', '']]), { pos: first.pos });
  const room = expectRoom(second, roomId);
  assert.deepEqual(tell(room.timeline), ['one', 'two', 'three']);
  assert.deepEqual(
    ['unstable_expanded_timeline', 'initial', 'limited', 'num_live'].map((name) => room.at(name)),
    [true, undefined, true, 0],
  );
  assert.deepEqual(tell(room.requiredState), ['m.room.create']);
  const third = await slide(alice, subscribe(3, [['m.room.create', '']]), { pos: second.pos });
  assert.deepEqual(third.roomIds, []);
  const foreign = await given.user('carol');
  const secret = await createRoom(foreign);
  const refused = await slide(alice, {
    room_subscriptions: { [secret]: { timeline_limit: 9, required_state: [['*', '*']] } },
  });
  assert.deepEqual(refused.roomIds, []);
});

test('bodies of a wrong shape are refused', async (given) => {
  const alice = await given.newUser();
  const answers: Record<string, string> = {};
  const list = { ranges: [[0, 9]], required_state: [], timeline_limit: 1 };
  const bodies: Record<string, unknown> = {
    'no required state': { lists: { a: { ranges: [[0, 1]], timeline_limit: 1 } } },
    'no timeline limit': { lists: { a: { ranges: [[0, 1]], required_state: [] } } },
    'a limit too large': { lists: { a: { ...list, timeline_limit: 1001 } } },
    'a negative range': { lists: { a: { ...list, ranges: [[-1, 1]] } } },
    'half a range': { lists: { a: { ...list, ranges: [[1]] } } },
    'too many lists': {
      lists: Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`${n}`, list])),
    },
    'a key too long': { lists: { ['k'.repeat(65)]: list } },
    'a filter of another kind': { lists: { a: { ...list, filters: { is_dm: 'yes' } } } },
    'state that is no pair': { lists: { a: { ...list, required_state: [['m.room.name']] } } },
    'a list of lists': { lists: [] },
  };
  for (const [title, body] of Object.entries(bodies)) {
    answers[title] = outcome(await alice.request('POST', slidingPath, { body }));
  }
  assert.deepEqual(answers, {
    'no required state': '400 M_BAD_JSON',
    'no timeline limit': '400 M_BAD_JSON',
    'a limit too large': '400 M_BAD_JSON',
    'a negative range': '400 M_BAD_JSON',
    'half a range': '400 M_BAD_JSON',
    'too many lists': '400 M_BAD_JSON',
    'a key too long': '400 M_INVALID_PARAM',
    'a filter of another kind': '400 M_BAD_JSON',
    'state that is no pair': '400 M_BAD_JSON',
    'a list of lists': '400 M_BAD_JSON',
  });
  const unknown = { lists: { a: { ...list, filters: null, sort: ['by_name'] } }, conn_id: null };
  await slide(alice, { ...unknown, extensions: { 'org.example.other': { enabled: true } } });
  const get = await alice.request('GET', slidingPath);
  assert.equal(outcome(get), '405 M_UNRECOGNIZED');
  const anonymous = await alice.request('POST', slidingPath, {
    body: {},
    headers: { authorization: 'Bearer nobody' },
  });
  assert.equal(outcome(anonymous), '401 M_UNKNOWN_TOKEN');
});

test('an invitation is told by its stripped state, and then the room that was joined', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.newUser()];
  const roomId = await createRoom(alice, { name: 'Den' });
  await inviteUser(alice, roomId, bob.userId);
  const question = listOf({}, [['m.room.name', '']]);
  const first = await slide(bob, question);
  const room = expectRoom(first, roomId);
  assert.deepEqual(
    ['membership', 'name', 'initial', 'timeline', 'required_state'].map((name) => room.at(name)),
    ['invite', 'Den', true, undefined, undefined],
  );
  assert.deepEqual(memberIds(room.strippedState), [alice.userId, bob.userId].toSorted());
  assert.deepEqual(room.at('stripped_state'), room.at('invite_state'));
  const idle = await slide(bob, question, { pos: first.pos });
  assert.deepEqual(idle.roomIds, []);
  await joinRoom(bob, roomId);
  const joined = expectRoom(await slide(bob, question, { pos: idle.pos }), roomId);
  assert.deepEqual([joined.at('membership'), joined.at('initial')], ['join', true]);
  assert.deepEqual(tell(joined.requiredState), ['m.room.name']);
});

test('who is ignored invites nobody into a list', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.newUser()];
  const roomId = await createRoom(alice, { invite: [bob.userId] });
  const path = `${v3}/user/${encodeURIComponent(bob.userId)}/account_data/m.ignored_user_list`;
  await bob.request('PUT', path, { body: { ignored_users: { [alice.userId]: {} } } });
  const view = await slide(bob, listOf());
  assert.deepEqual([view.count('all'), view.room(roomId)], [0, undefined]);
});

test('a room that was left is told once, one from which somebody was removed stays', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.newUser()];
  const left = await createRoom(alice, { preset: 'public_chat' });
  const kicked = await createRoom(alice, { preset: 'public_chat' });
  for (const roomId of [left, kicked]) await joinRoom(bob, roomId);
  const question = listOf({}, [['m.room.member', '$ME']]);
  const first = await slide(bob, question);
  assert.equal(first.count('all'), 2);
  await sendText(alice, kicked, 'before');
  await act(bob, left, 'leave');
  await act(alice, kicked, 'kick', { user_id: bob.userId });
  await sendText(alice, left, 'after');
  await sendText(alice, kicked, 'after');
  const second = await slide(bob, question, { pos: first.pos });
  assert.deepEqual(tell(expectRoom(second, kicked).timeline), ['before', 'm.room.member']);
  for (const roomId of [left, kicked]) {
    const room = expectRoom(second, roomId);
    assert.equal(room.at('membership'), 'leave');
    const own = find(room.requiredState, 'm.room.member', bob.userId);
    assert.equal(valueAt(own?.content, 'membership'), 'leave');
  }
  const third = await slide(bob, question, { pos: second.pos });
  assert.deepEqual([third.roomIds, third.count('all')], [[], 1]);
  const anew = await slide(bob, question);
  assert.deepEqual(anew.roomIds, [kicked]);
  await joinRoom(bob, left);
  const back = expectRoom(await slide(bob, question, { pos: anew.pos }), left);
  assert.deepEqual([back.at('initial'), back.at('membership')], [true, 'join']);
});

test('who was banned without ever being in the room learns nothing of it', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.newUser()];
  const roomId = await createRoom(alice, { name: 'Secret' });
  await act(alice, roomId, 'ban', { user_id: bob.userId });
  const room = expectRoom(await slide(bob, listOf({}, [['*', '*']])), roomId);
  assert.deepEqual(memberIds(room.requiredState), [bob.userId]);
  assert.equal(room.requiredState.length, 1);
  assert.deepEqual([room.at('name'), room.at('joined_count')], [undefined, undefined]);
  assert.deepEqual(
    room.timeline.filter(({ stateKey }) => stateKey !== bob.userId),
    [],
  );
});
