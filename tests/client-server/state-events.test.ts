import assert from 'node:assert/strict';

import { createRoom, sendState } from '../harness/client.ts';
import { textAt, valueAt } from '../harness/json-path.ts';
import { ok, readEvent, readState, refusal, roomPath } from './requests.ts';
import { find } from './seen-event.ts';
import { serverTests } from './server-test.ts';
import { expectJoined, sync } from './sync-view.ts';

const test = serverTests();

test('repeating a state event changes nothing, and gives its ID', async (given) => {
  const alice = await given.user('alice');
  const roomId = await createRoom(alice);
  const content = { topic: 'same', list: [1, { b: 2, a: 1 }] };
  const first = await sendState(alice, roomId, 'm.room.topic', '', content);
  const { nextBatch } = await sync(alice);
  const reordered = { list: [1, { a: 1, b: 2 }], topic: 'same' };
  assert.equal(await sendState(alice, roomId, 'm.room.topic', '', reordered), first);
  assert.equal((await sync(alice, { since: nextBatch })).joined(roomId), undefined);
  const changed = await sendState(alice, roomId, 'm.room.topic', '', { topic: 'other' });
  const back = await sendState(alice, roomId, 'm.room.topic', '', content);
  assert.equal(new Set([first, changed, back]).size, 3);
});

test('a state event says what it replaces', async (given) => {
  const alice = await given.user('alice');
  const roomId = await createRoom(alice);
  const first = await sendState(alice, roomId, 'org.example.s', 'k', { n: 1 });
  const other = await sendState(alice, roomId, 'org.example.s', 'other', { n: 9 });
  const second = await sendState(alice, roomId, 'org.example.s', 'k', { n: 2 });
  const { timeline } = expectJoined(await sync(alice), roomId);
  for (const eventId of [first, other]) {
    const event = await readEvent(alice, roomId, eventId);
    assert.equal(valueAt(event.unsigned, 'replaces_state'), undefined);
    assert.equal(valueAt(event.unsigned, 'prev_content'), undefined);
  }
  const inTimeline = timeline.find(({ eventId }) => eventId === second);
  for (const event of [inTimeline, await readEvent(alice, roomId, second)]) {
    assert.equal(valueAt(event?.unsigned, 'replaces_state'), first);
    assert.deepEqual(valueAt(event?.unsigned, 'prev_content'), { n: 1 });
  }
});

test('an empty state key may be left out, with or without the slash', async (given) => {
  const alice = await given.user('alice');
  const roomId = await createRoom(alice);
  const path = roomPath(roomId, 'state', 'org.example.s');
  const put = async (suffix: string, n: number): Promise<string> =>
    textAt(await ok(alice, 'PUT', `${path}${suffix}`, { body: { n } }), 'event_id');
  await put('', 1);
  assert.deepEqual(await ok(alice, 'GET', `${path}/`), { n: 1 });
  const eventId = await put('/', 2);
  assert.deepEqual(await ok(alice, 'GET', path), { n: 2 });
  const event = find(await readState(alice, roomId), 'org.example.s');
  assert.deepEqual([event?.eventId, event?.stateKey], [eventId, '']);
  const whole = await ok(alice, 'GET', path, { query: { format: 'event' } });
  assert.equal(valueAt(whole, 'event_id'), eventId);
  assert.deepEqual(valueAt(whole, 'content'), { n: 2 });
});

test('state that is not there is not found, and strangers read none', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.user('bob');
  const roomId = await createRoom(alice, { name: 'here' });
  const absent = [
    roomPath(roomId, 'state', 'm.room.topic'),
    roomPath(roomId, 'state', 'm.room.name', 'x'),
  ];
  for (const path of absent) assert.equal(await refusal(alice, 'GET', path), '404 M_NOT_FOUND');
  for (const path of [
    ...absent,
    roomPath(roomId, 'state'),
    roomPath(roomId, 'state', 'm.room.name'),
  ]) {
    assert.equal(await refusal(bob, 'GET', path), '403 M_FORBIDDEN');
  }
  const nowhere = roomPath('!nowhere:soma.test', 'state');
  assert.match(await refusal(alice, 'GET', nowhere), /^40[34] M_(FORBIDDEN|NOT_FOUND)$/);
});

test('a message event is not part of the state, whatever its type', async (given) => {
  const alice = await given.user('alice');
  const roomId = await createRoom(alice, { name: 'kept' });
  await ok(alice, 'PUT', roomPath(roomId, 'send', 'm.room.name', 'txn'), { body: { name: 'no' } });
  assert.deepEqual(find(await readState(alice, roomId), 'm.room.name')?.content, { name: 'kept' });
});
