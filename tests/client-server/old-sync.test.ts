import assert from 'node:assert/strict';

import { createRoom, inviteUser, joinRoom, sendState, sendText } from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { apiV1, events, initialSync, r0, roomInitialSync } from './old-view.ts';
import { act, ok, outcome, readMessages, readState, refusal, roomPath, v3 } from './requests.ts';
import { find, ids, tell } from './seen-event.ts';
import { serverTests } from './server-test.ts';
import { sync } from './sync-view.ts';

const test = serverTests();

test('initialSync tells each room with its last messages, its state and where to go on', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await createRoom(alice, { name: 'Garden' });
  await inviteUser(alice, roomId, bob.userId);
  await joinRoom(bob, roomId);
  for (const text of ['one', 'two', 'three']) await sendText(alice, roomId, text);
  for (const base of [r0, apiV1]) {
    const { rooms, json, end } = await initialSync(bob, { limit: 2 }, base);
    const room = rooms.get(roomId);
    assert.ok(room !== undefined);
    assert.equal(room.membership, 'join');
    assert.deepEqual(tell(room.messages), ['two', 'three']);
    assert.equal(valueAt(room.messages[0]?.json, 'room_id'), roomId);
    assert.deepEqual(ids(room.state).toSorted(), ids(await readState(bob, roomId)).toSorted());
    const older = await readMessages(bob, roomId, { from: room.start, limit: 1 });
    assert.deepEqual(tell(older.events), ['one']);
    assert.notEqual(end, '');
    assert.ok(Array.isArray(valueAt(json, 'presence')));
  }
});

test('initialSync tells of invitations, and of rooms that were left if it is asked to', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const [invited, left, declined] = [
    await createRoom(alice),
    await createRoom(alice, { preset: 'public_chat' }),
    await createRoom(alice),
  ];
  await inviteUser(alice, invited, bob.userId);
  await inviteUser(alice, declined, bob.userId);
  await act(bob, declined, 'leave');
  await joinRoom(bob, left);
  await sendText(alice, left, 'seen');
  await act(bob, left, 'leave');
  await sendText(alice, left, 'not for bob');
  const { rooms } = await initialSync(bob);
  assert.deepEqual([...rooms.keys()], [invited]);
  assert.equal(rooms.get(invited)?.membership, 'invite');
  assert.equal(valueAt(rooms.get(invited)?.json, 'inviter'), alice.userId);
  const archived = (await initialSync(bob, { archived: true, limit: 3 })).rooms;
  assert.deepEqual([...archived.keys()].toSorted(), [invited, left].toSorted());
  assert.equal(archived.get(left)?.membership, 'leave');
  assert.deepEqual(tell(archived.get(left)?.messages ?? []).slice(-2), ['seen', 'm.room.member']);
});

test('initialSync has account data, receipts and presence', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  const eventId = await sendText(alice, roomId, 'read me');
  const user = `${v3}/user/${encodeURIComponent(alice.userId)}`;
  await ok(alice, 'PUT', `${user}/account_data/org.example.own`, { body: { a: 1 } });
  const inRoom = `${user}/rooms/${encodeURIComponent(roomId)}/account_data/org.example.room`;
  await ok(alice, 'PUT', inRoom, { body: { b: 2 } });
  await ok(alice, 'POST', roomPath(roomId, 'receipt', 'm.read', eventId), { body: {} });
  const { rooms, json } = await initialSync(alice);
  const types = listAt(json, 'account_data').map((event) => valueAt(event, 'type'));
  assert.ok(types.includes('org.example.own') && types.includes('m.push_rules'));
  assert.deepEqual(tell(rooms.get(roomId)?.accountData ?? []), ['org.example.room']);
  const [receipt] = listAt(json, 'receipts');
  assert.equal(valueAt(receipt, 'room_id'), roomId);
  assert.ok(valueAt(receipt, 'content', eventId, 'm.read', alice.userId) !== undefined);
});

test('events waits for what comes, and answers empty when nothing does', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId);
  const { end } = await initialSync(bob);
  const nothing = await events(bob, { from: end, timeout: 10 });
  assert.deepEqual(nothing.events.filter(({ type }) => type !== 'm.presence').length, 0);
  const poll = events(bob, { from: nothing.end, timeout: 60_000 }, apiV1);
  await ok(alice, 'GET', `${v3}/account/whoami`);
  const eventId = await sendText(alice, roomId, 'wake up');
  let chunk = await poll;
  while (ids(chunk.events).every((id) => id === '')) {
    chunk = await events(bob, { from: chunk.end, timeout: 60_000 });
  }
  assert.deepEqual(ids(chunk.events), [eventId]);
  assert.equal(valueAt(chunk.events[0]?.json, 'room_id'), roomId);
});

test('events has what is not of the timeline, with its room', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId);
  const eventId = await sendText(alice, roomId, 'here');
  const { end } = await initialSync(bob);
  await ok(alice, 'POST', roomPath(roomId, 'receipt', 'm.read', eventId), { body: {} });
  await ok(alice, 'PUT', roomPath(roomId, 'typing', alice.userId), { body: { typing: true } });
  const room = `${v3}/user/${encodeURIComponent(bob.userId)}/rooms/${encodeURIComponent(roomId)}`;
  await ok(bob, 'PUT', `${room}/account_data/org.example.room`, { body: { a: 1 } });
  const chunk = await events(bob, { from: end });
  for (const type of ['m.receipt', 'm.typing', 'org.example.room']) {
    const event = chunk.events.find((each) => each.type === type);
    assert.equal(valueAt(event?.json, 'room_id'), roomId, type);
  }
  assert.deepEqual(
    (await events(bob, { from: chunk.end })).events.filter(({ type }) => type !== 'm.presence'),
    [],
  );
});

test('someone invited finds the invitation among the events', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const { end } = await initialSync(bob);
  const roomId = await createRoom(alice, { name: 'Garden' });
  await inviteUser(alice, roomId, bob.userId);
  const chunk = await events(bob, { from: end });
  const invite = find(chunk.events, 'm.room.member', bob.userId);
  assert.deepEqual(valueAt(invite?.content, 'membership'), 'invite');
  const stripped = listAt(invite?.unsigned, 'invite_room_state');
  assert.ok(stripped.some((event) => valueAt(event, 'content', 'name') === 'Garden'));
});

test('a world readable room is peeked into, another one is not', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  const peek = { room_id: roomId };
  const refused = await bob.request('GET', `${r0}/events`, { query: { timeout: 0, ...peek } });
  assert.equal(outcome(refused), '403 M_FORBIDDEN');
  const path = roomPath(roomId, 'initialSync');
  assert.equal(await refusal(bob, 'GET', path), '403 M_FORBIDDEN');
  const content = { history_visibility: 'world_readable' };
  await sendState(alice, roomId, 'm.room.history_visibility', '', content);
  const room = await roomInitialSync(bob, roomId, { limit: 1 });
  assert.equal(room.membership, undefined);
  assert.deepEqual(tell(room.messages), ['m.room.history_visibility']);
  const { end } = await events(bob, peek);
  const poll = events(bob, { ...peek, from: end, timeout: 60_000 });
  await ok(bob, 'GET', `${v3}/account/whoami`);
  await sendText(alice, roomId, 'for everybody');
  assert.deepEqual(tell((await poll).events), ['for everybody']);
});

test('a room of one’s own is told alone, as it was for who has left', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId);
  await sendText(alice, roomId, 'before');
  assert.equal((await roomInitialSync(bob, roomId)).membership, 'join');
  await act(bob, roomId, 'leave');
  await sendState(alice, roomId, 'm.room.topic', '', { topic: 'after' });
  const room = await roomInitialSync(bob, roomId, { limit: 2 });
  assert.equal(room.membership, 'leave');
  assert.deepEqual(tell(room.messages), ['before', 'm.room.member']);
  assert.equal(find(room.state, 'm.room.topic'), undefined);
  const query = { room_id: roomId, timeout: 0 };
  assert.equal(await refusal(bob, 'GET', `${r0}/events`, { query }), '403 M_FORBIDDEN');
});

test('one event is found by its ID alone, by who may see it', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await createRoom(alice);
  const eventId = await sendText(alice, roomId, 'mine');
  const path = `${r0}/events/${encodeURIComponent(eventId)}`;
  assert.equal(valueAt(await ok(alice, 'GET', path), 'room_id'), roomId);
  assert.equal(await refusal(bob, 'GET', path), '404 M_NOT_FOUND');
  assert.equal(await refusal(alice, 'GET', `${r0}/events/$unknown`), '404 M_NOT_FOUND');
});

test('a token that is none is refused, END is the present', async (given) => {
  const alice = await given.newUser();
  const query = { timeout: 0, from: 'nonsense' };
  const path = `${r0}/events`;
  assert.equal(await refusal(alice, 'GET', path, { query }), '400 M_INVALID_PARAM');
  const roomId = await createRoom(alice);
  await sendText(alice, roomId, 'last');
  assert.deepEqual(
    (await events(alice, { from: 'END' })).events.filter((e) => e.eventId),
    [],
  );
  const page = await readMessages(alice, roomId, { from: 'END', limit: 1 });
  assert.deepEqual(tell(page.events), ['last']);
});

test('more than one answer holds comes in the next', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  const { end } = await initialSync(alice);
  const sent: string[] = [];
  for (let index = 0; index < 300; index += 1) {
    sent.push(await sendText(alice, roomId, `${index}`));
  }
  const seen: string[] = [];
  let from = end;
  for (let rounds = 0; rounds < 4; rounds += 1) {
    const chunk = await events(alice, { from });
    seen.push(...ids(chunk.events).filter((id) => id !== ''));
    from = chunk.end;
  }
  assert.deepEqual(seen, sent);
  assert.equal((await sync(alice, { since: from })).joined(roomId), undefined);
});
