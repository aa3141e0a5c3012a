import assert from 'node:assert/strict';

import { createRoom, joinRoom, sendState, sendText } from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { act, ok, readMessages, v3 } from './requests.ts';
import { find } from './seen-event.ts';
import { serverTests } from './server-test.ts';
import { expectJoined, expectLeft, sync } from './sync-view.ts';

const test = serverTests();

test('the federation format gives events as servers exchange them', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  const eventId = await sendText(alice, roomId, 'raw');
  const timeline = { limit: 1 };
  const filter = { event_format: 'federation', room: { timeline } };
  const room = expectJoined(await sync(alice, { filter }), roomId);
  for (const event of [...room.timeline, ...room.state]) {
    for (const name of ['hashes', 'signatures', 'auth_events', 'prev_events', 'depth']) {
      assert.ok(valueAt(event.json, name) !== undefined, `${event.type} has no ${name}`);
    }
  }
  assert.equal(room.timeline[0]?.eventId, eventId);
  const fields = { ...filter, event_fields: ['type', 'depth'] };
  const [event] = expectJoined(await sync(alice, { filter: fields }), roomId).timeline;
  assert.deepEqual(Object.keys(Object(event?.json)).toSorted(), ['depth', 'type']);
});

test('the state after the timeline comes under the name by which it is asked for', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  const { nextBatch: since } = await sync(alice);
  await sendState(alice, roomId, 'm.room.topic', '', { topic: 'new' });
  const names = {
    use_state_after: 'state_after',
    'org.matrix.msc4222.use_state_after': 'org.matrix.msc4222.state_after',
  };
  for (const [parameter, name] of Object.entries(names)) {
    const query = { since, [parameter]: true };
    const body = await ok(alice, 'GET', `${v3}/sync`, { query });
    const room = valueAt(body, 'rooms', 'join', roomId);
    const [event] = listAt(room, name, 'events');
    assert.equal(valueAt(event, 'content', 'topic'), 'new');
    assert.equal(valueAt(room, 'state'), undefined);
  }
});

test('what a state event replaced is named, and shown to who may see it', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await createRoom(alice, {
    preset: 'public_chat',
    initial_state: [
      { type: 'm.room.history_visibility', content: { history_visibility: 'joined' } },
    ],
  });
  const old = await sendState(alice, roomId, 'm.room.topic', '', { topic: 'secret' });
  await joinRoom(bob, roomId);
  const topic = await sendState(alice, roomId, 'm.room.topic', '', { topic: 'for all' });
  for (const [user, content] of [
    [alice, { topic: 'secret' }],
    [bob, undefined],
  ] as const) {
    const synced = expectJoined(await sync(user), roomId).timeline;
    const paged = (await readMessages(user, roomId)).events;
    for (const list of [synced, paged]) {
      const event = list.find(({ eventId }) => eventId === topic);
      assert.equal(valueAt(event?.unsigned, 'replaces_state'), old);
      assert.deepEqual(valueAt(event?.unsigned, 'prev_content'), content);
    }
  }
});

test('a room that is marked as unread is so on every device', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  const { nextBatch: since } = await sync(alice);
  const room = `${v3}/user/${encodeURIComponent(alice.userId)}/rooms/${encodeURIComponent(roomId)}`;
  const path = `${room}/account_data/m.marked_unread`;
  await ok(alice, 'PUT', path, { body: { unread: true } });
  const { accountData } = expectJoined(await sync(alice, { since }), roomId);
  assert.deepEqual(
    accountData.map(({ type, content }) => [type, content]),
    [['m.marked_unread', { unread: true }]],
  );
});

test('what belongs to encryption is there, and empty', async (given) => {
  const alice = await given.newUser();
  const first = await sync(alice);
  const { json } = await sync(alice, { since: first.nextBatch });
  assert.deepEqual(valueAt(json, 'to_device'), { events: [] });
  assert.deepEqual(valueAt(json, 'device_lists'), { changed: [], left: [] });
  assert.deepEqual(valueAt(json, 'device_one_time_keys_count'), { signed_curve25519: 0 });
  assert.deepEqual(valueAt(json, 'device_unused_fallback_key_types'), []);
  assert.equal(valueAt(first.json, 'device_lists'), undefined);
});

test('the whole state is told again where it is asked for', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const [roomId, left] = [
    await createRoom(alice),
    await createRoom(bob, { preset: 'public_chat' }),
  ];
  await joinRoom(alice, left);
  const { nextBatch: since } = await sync(alice);
  await act(alice, left, 'leave');
  const view = await sync(alice, { since, fullState: true });
  assert.ok(find(expectJoined(view, roomId).state, 'm.room.create'));
  assert.deepEqual(expectJoined(view, roomId).timeline, []);
  assert.ok(find(expectLeft(view, left).state, 'm.room.create'));
});
