import assert from 'node:assert/strict';

import { createRoom, inviteUser, joinRoom, logIn, sendState, sendText } from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';
import { act, ok, refusal, v3 } from './requests.ts';
import { find, ids, tell } from './seen-event.ts';
import { serverTests } from './server-test.ts';
import { expectJoined, expectLeft, pollDuring, sync } from './sync-view.ts';

const test = serverTests();

test('an initial sync tells all of each room, an incremental one what came since', async (given) => {
  const alice = await given.newUser();
  const [one, two] = [await createRoom(alice, { name: 'One' }), await createRoom(alice)];
  const initial = await sync(alice);
  assert.deepEqual(initial.rooms('join').toSorted(), [one, two].toSorted());
  const room = expectJoined(initial, one);
  assert.deepEqual(room.state, []);
  assert.deepEqual(room.timeline[0]?.type, 'm.room.create');
  assert.equal(room.limited, false);
  assert.notEqual(room.prevBatch, '');
  for (const event of room.timeline) assert.equal(valueAt(event.json, 'room_id'), undefined);

  const eventId = await sendText(alice, two, 'news');
  const view = await sync(alice, { since: initial.nextBatch });
  assert.deepEqual(view.rooms('join'), [two]);
  assert.deepEqual(ids(expectJoined(view, two).timeline), [eventId]);
  assert.deepEqual((await sync(alice, { since: view.nextBatch })).rooms('join'), []);
  const repeated = await sync(alice, { since: initial.nextBatch });
  assert.deepEqual(ids(expectJoined(repeated, two).timeline), [eventId]);
});

test('when nothing is new the answer is small', async (given) => {
  const alice = await given.newUser();
  await createRoom(alice);
  const { nextBatch } = await sync(alice);
  const { json } = await sync(alice, { since: nextBatch });
  const required = new Set([
    'device_lists',
    'to_device',
    'next_batch',
    'device_one_time_keys_count',
    'device_unused_fallback_key_types',
  ]);
  assert.deepEqual(
    Object.keys(Object(json)).filter((key) => !required.has(key)),
    [],
  );
});

test('each device has its own place', async (given) => {
  const alice = await given.user('alice');
  const phone = await logIn(given.server, 'alice');
  const roomId = await createRoom(alice);
  const [atDesk, onPhone] = [await sync(alice), await sync(phone)];
  const first = await sendText(alice, roomId, 'first');
  const seen = await sync(alice, { since: atDesk.nextBatch });
  assert.deepEqual(ids(expectJoined(seen, roomId).timeline), [first]);
  const second = await sendText(phone, roomId, 'second');
  const later = await sync(alice, { since: seen.nextBatch });
  assert.deepEqual(ids(expectJoined(later, roomId).timeline), [second]);
  const caughtUp = await sync(phone, { since: onPhone.nextBatch });
  assert.deepEqual(ids(expectJoined(caughtUp, roomId).timeline), [first, second]);
});

test('the history that a user may not see is not in the room either', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await sendText(alice, roomId, 'said before');
  assert.equal((await sync(bob)).joined(roomId), undefined);
});

test('full_state tells all state again, and does not wait', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice, { name: 'Whole' });
  const quiet = await createRoom(alice);
  const { nextBatch } = await sync(alice);
  const eventId = await sendText(alice, roomId, 'one');
  const view = await sync(alice, { since: nextBatch, fullState: true, timeoutMs: 60_000 });
  const room = expectJoined(view, roomId);
  assert.deepEqual(find(room.state, 'm.room.name')?.content, { name: 'Whole' });
  assert.ok(find(room.state, 'm.room.member', alice.userId));
  assert.deepEqual(ids(room.timeline), [eventId]);
  assert.ok(find(expectJoined(view, quiet).state, 'm.room.create'));
});

test('a room that was joined since comes with all its state', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  const roomId = await createRoom(alice, { preset: 'public_chat', name: 'New to Bob' });
  for (let n = 0; n < 12; n += 1) await sendText(alice, roomId, `message ${n}`);
  const { nextBatch } = await sync(bob);
  await joinRoom(bob, roomId);
  const room = expectJoined(await sync(bob, { since: nextBatch }), roomId);
  assert.equal(room.limited, true);
  const all = [...room.state, ...room.timeline];
  for (const type of ['m.room.create', 'm.room.name', 'm.room.power_levels', 'm.room.join_rules']) {
    assert.ok(find(room.state, type), type);
  }
  assert.ok(find(room.state, 'm.room.member', alice.userId));
  assert.ok(find(all, 'm.room.member', bob.userId));
  assert.equal(new Set(ids(all)).size, all.length);
});

test('a room that was joined and left since comes as left, with its state', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  const roomId = await createRoom(alice, { preset: 'public_chat', name: 'In and out' });
  const { nextBatch } = await sync(bob);
  await joinRoom(bob, roomId);
  await sendText(alice, roomId, 'hello, Bob');
  await act(bob, roomId, 'leave');
  await sendState(alice, roomId, 'm.room.topic', '', { topic: 'after' });
  const view = await sync(bob, { since: nextBatch });
  assert.deepEqual(view.rooms('join'), []);
  const room = expectLeft(view, roomId);
  const all = [...room.state, ...room.timeline];
  assert.ok(tell(room.timeline).includes('hello, Bob'));
  assert.ok(find(all, 'm.room.create'));
  assert.deepEqual(find(all, 'm.room.name')?.content, { name: 'In and out' });
  assert.equal(find(all, 'm.room.topic'), undefined);
});

test('a room that was left comes once, and in an initial sync only when asked for', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  const roomId = await createRoom(alice, { preset: 'public_chat', name: 'Left' });
  await joinRoom(bob, roomId);
  const { nextBatch } = await sync(bob);
  const said = await sendText(alice, roomId, 'said before the leave');
  await act(bob, roomId, 'leave');
  await sendText(alice, roomId, 'said after');
  const view = await sync(bob, { since: nextBatch });
  const room = expectLeft(view, roomId);
  assert.deepEqual(ids(room.timeline)[0], said);
  assert.equal(valueAt(room.timeline.at(-1)?.content, 'membership'), 'leave');
  assert.equal(room.timeline.length, 2);
  assert.deepEqual(room.state, []);
  assert.deepEqual((await sync(bob, { since: view.nextBatch })).rooms('leave'), []);

  assert.deepEqual((await sync(bob)).rooms('leave'), []);
  const filter = { room: { include_leave: true } };
  const again = expectLeft(await sync(bob, { filter }), roomId);
  assert.ok(!tell(again.timeline).includes('said after'));
  assert.deepEqual(find([...again.state, ...again.timeline], 'm.room.name')?.content, {
    name: 'Left',
  });
});

test('a room that was left and joined again since is a joined room, told in full', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  const roomId = await createRoom(alice, { preset: 'public_chat', name: 'Back' });
  await joinRoom(bob, roomId);
  const { nextBatch } = await sync(bob);
  await act(bob, roomId, 'leave');
  const away = await sendText(alice, roomId, 'while away');
  await sendState(alice, roomId, 'm.room.topic', '', { topic: 'changed meanwhile' });
  await joinRoom(bob, roomId);
  const view = await sync(bob, { since: nextBatch });
  assert.deepEqual(view.rooms('leave'), []);
  const room = expectJoined(view, roomId);
  assert.ok(ids(room.timeline).includes(away));
  const all = [...room.state, ...room.timeline];
  assert.deepEqual(find(all, 'm.room.topic')?.content, { topic: 'changed meanwhile' });
});

test('an invitation comes once, and again in an initial sync', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  const { nextBatch } = await sync(bob);
  const roomId = await createRoom(alice);
  await inviteUser(alice, roomId, bob.userId);
  const view = await sync(bob, { since: nextBatch });
  assert.deepEqual(view.rooms('invite'), [roomId]);
  for (const event of view.invited(roomId) ?? []) {
    assert.equal(valueAt(event.json, 'unsigned'), undefined);
  }
  await sendState(alice, roomId, 'm.room.name', '', { name: 'Later' });
  assert.deepEqual((await sync(bob, { since: view.nextBatch })).rooms('invite'), []);
  assert.deepEqual((await sync(bob)).rooms('invite'), [roomId]);
});

test('a since that is no token is refused, one of another database starts anew', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  const { nextBatch } = await sync(alice);
  for (const since of ['nonsense', '', 's72594_4483_1934']) {
    const query = { since };
    assert.equal(
      await refusal(alice, 'GET', `${v3}/sync`, { query }),
      '400 M_INVALID_PARAM',
      since,
    );
  }
  const [, incarnation] = nextBatch.split('_');
  const foreign = nextBatch.replace(`_${incarnation}_`, '_0123456789abcdef_');
  const room = expectJoined(await sync(alice, { since: foreign }), roomId);
  assert.ok(find([...room.state, ...room.timeline], 'm.room.create'));
});

test('a token outlives the server’s restart', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  const { nextBatch } = await sync(alice);
  const eventId = await sendText(alice, roomId, 'before the restart');
  await given.server.restart();
  const view = await sync(alice, { since: nextBatch });
  assert.deepEqual(ids(expectJoined(view, roomId).timeline), [eventId]);
  const woken = await pollDuring(alice, { since: view.nextBatch }, () =>
    sendText(alice, roomId, 'after it'),
  );
  assert.deepEqual(tell(expectJoined(woken, roomId).timeline), ['after it']);
});

test('an empty poll comes back with a token when its time is over', async (given) => {
  const alice = await given.newUser();
  await createRoom(alice);
  const { nextBatch } = await sync(alice);
  const view = await sync(alice, { since: nextBatch, timeoutMs: 50 });
  assert.equal(valueAt(view.json, 'rooms'), undefined);
  await ok(alice, 'GET', `${v3}/sync`, { query: { since: view.nextBatch } });
  for (const timeout of ['soon', '-1']) {
    const query = { since: nextBatch, timeout };
    assert.match(await refusal(alice, 'GET', `${v3}/sync`, { query }), /^400 M_/);
  }
});
