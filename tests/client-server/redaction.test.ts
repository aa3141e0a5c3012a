import assert from 'node:assert/strict';

import {
  createRoom,
  inviteUser,
  joinRoom,
  sendEvent,
  sendState,
  sendText,
  type TestUser,
} from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { ok, readContent, readEvent, readMessages, refusal, roomPath, v3 } from './requests.ts';
import { eventFrom, eventsFrom, find } from './seen-event.ts';
import { serverTests } from './server-test.ts';
import { expectJoined, sync } from './sync-view.ts';

const test = serverTests();
let transactions = 0;

function redactPath(roomId: string, eventId: string): string {
  transactions += 1;
  return roomPath(roomId, 'redact', eventId, `redaction-${transactions}`);
}

async function redact(
  user: TestUser,
  roomId: string,
  eventId: string,
  body: object = {},
): Promise<string> {
  return textAt(await ok(user, 'PUT', redactPath(roomId, eventId), { body }), 'event_id');
}

for (const version of ['10', '11', '12']) {
  test(`a redaction empties a message everywhere, in version ${version}`, async (given) => {
    const alice = await given.user('alice');
    const bob = await given.user('bob');
    const roomId = await createRoom(alice, { preset: 'public_chat', room_version: version });
    await joinRoom(bob, roomId);
    const eventId = await sendText(bob, roomId, 'regretted');
    const { nextBatch } = await sync(alice);
    const redactionId = await redact(bob, roomId, eventId, { reason: 'oops' });

    const { timeline } = expectJoined(await sync(alice, { since: nextBatch }), roomId);
    const redaction = timeline.find((event) => event.eventId === redactionId);
    assert.equal(valueAt(redaction?.json, 'redacts'), eventId);
    assert.equal(valueAt(redaction?.content, 'redacts'), eventId);
    assert.equal(valueAt(redaction?.content, 'reason'), 'oops');

    const fresh = expectJoined(await sync(alice), roomId).timeline;
    const { events } = await readMessages(alice, roomId, { limit: 50 });
    const views = [
      await readEvent(alice, roomId, eventId),
      fresh.find((event) => event.eventId === eventId),
      events.find((event) => event.eventId === eventId),
    ];
    for (const view of views) {
      assert.deepEqual(view?.content, {});
      assert.equal(view?.type, 'm.room.message');
      const because = valueAt(view?.unsigned, 'redacted_because');
      assert.equal(valueAt(because, 'event_id'), redactionId);
      assert.equal(valueAt(because, 'sender'), bob.userId);
      assert.equal(valueAt(because, 'content', 'reason'), 'oops');
    }
  });

  test(`a redaction may be sent as an event, in version ${version}`, async (given) => {
    const alice = await given.user('alice');
    const roomId = await createRoom(alice, { room_version: version });
    const eventId = await sendText(alice, roomId, 'regretted');
    const content = { redacts: eventId, reason: 'by /send' };
    const redactionId = await sendEvent(alice, roomId, 'm.room.redaction', content);
    const event = await readEvent(alice, roomId, eventId);
    assert.deepEqual(event.content, {});
    assert.equal(valueAt(event.unsigned, 'redacted_because', 'event_id'), redactionId);
    const redaction = await readEvent(alice, roomId, redactionId);
    assert.equal(valueAt(redaction.json, 'redacts'), eventId);
    assert.equal(valueAt(redaction.content, 'redacts'), eventId);
  });
}

test('power is needed to redact what others said, not to redact one’s own', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.user('bob');
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId);
  const ofAlice = await sendText(alice, roomId, 'Alice’s');
  const ofBob = await sendText(bob, roomId, 'Bob’s');
  const body = { body: {} };
  assert.equal(await refusal(bob, 'PUT', redactPath(roomId, ofAlice), body), '403 M_FORBIDDEN');
  assert.equal(valueAt((await readEvent(bob, roomId, ofAlice)).content, 'body'), 'Alice’s');
  const bySend = roomPath(roomId, 'send', 'm.room.redaction', 'by-send');
  const content = { body: { redacts: ofAlice } };
  assert.equal(await refusal(bob, 'PUT', bySend, content), '403 M_FORBIDDEN');
  await redact(alice, roomId, ofBob);
  assert.deepEqual((await readEvent(bob, roomId, ofBob)).content, {});
  const stranger = await given.user('stranger');
  assert.equal(
    await refusal(stranger, 'PUT', redactPath(roomId, ofAlice), body),
    '403 M_FORBIDDEN',
  );
});

test('an event that is not in the room is not redacted', async (given) => {
  const alice = await given.user('alice');
  const [roomId, other] = [await createRoom(alice), await createRoom(alice)];
  const elsewhere = await sendText(alice, other, 'safe');
  const body = { body: {} };
  for (const eventId of [elsewhere, '$unheard-of']) {
    const found = await refusal(alice, 'PUT', redactPath(roomId, eventId), body);
    assert.match(found, /^40[034] M_/, eventId);
  }
  assert.equal(valueAt((await readEvent(alice, other, elsewhere)).content, 'body'), 'safe');
});

test('a redaction without its reason, or of no event, is taken for what it is', async (given) => {
  const alice = await given.user('alice');
  const roomId = await createRoom(alice);
  const eventId = await sendText(alice, roomId, 'one');
  await ok(alice, 'PUT', redactPath(roomId, eventId));
  assert.deepEqual((await readEvent(alice, roomId, eventId)).content, {});
  const bySend = roomPath(roomId, 'send', 'm.room.redaction', 'without-redacts');
  assert.match(await refusal(alice, 'PUT', bySend, { body: { reason: 'x' } }), /^400 M_/);
  assert.equal(
    await refusal(alice, 'PUT', redactPath(roomId, eventId), { body: { reason: 7 } }),
    '400 M_BAD_JSON',
  );
});

test('redacted state keeps what the rules need, and loses the rest', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.user('bob');
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  const path = `${v3}/profile/${encodeURIComponent(bob.userId)}/displayname`;
  await ok(bob, 'PUT', path, { body: { displayname: 'Rude name' } });
  await joinRoom(bob, roomId);
  const nameId = await sendState(alice, roomId, 'm.room.name', '', { name: 'gone' });
  await redact(alice, roomId, nameId);
  assert.deepEqual(await readContent(alice, roomId, 'm.room.name'), {});

  const members = await ok(alice, 'GET', roomPath(roomId, 'members'));
  const chunk = valueAt(members, 'chunk');
  assert.ok(Array.isArray(chunk));
  const member: unknown = chunk.find((event) => valueAt(event, 'state_key') === bob.userId);
  await redact(alice, roomId, textAt(member, 'event_id'));
  const content = await readContent(alice, roomId, 'm.room.member', bob.userId);
  assert.deepEqual(content, { membership: 'join' });
  const joined = await ok(alice, 'GET', roomPath(roomId, 'joined_members'));
  assert.deepEqual(valueAt(joined, 'joined', bob.userId), {});
  await sendText(bob, roomId, 'still in');
});

test('a redaction of a state event that was replaced leaves the current one', async (given) => {
  const alice = await given.user('alice');
  const roomId = await createRoom(alice);
  const old = await sendState(alice, roomId, 'm.room.topic', '', { topic: 'old' });
  const current = await sendState(alice, roomId, 'm.room.topic', '', { topic: 'new' });
  await redact(alice, roomId, old);
  assert.deepEqual(await readContent(alice, roomId, 'm.room.topic'), { topic: 'new' });
  const event = await readEvent(alice, roomId, current);
  assert.deepEqual(valueAt(event.unsigned, 'prev_content'), {});
});

test('who is invited after a redaction does not see the name that it took', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  const roomId = await createRoom(alice);
  const nameId = await sendState(alice, roomId, 'm.room.name', '', { name: 'Embarrassing' });
  await ok(alice, 'PUT', roomPath(roomId, 'redact', nameId, 'redaction'), { body: {} });
  await inviteUser(alice, roomId, bob.userId);
  const state = (await sync(bob)).invited(roomId) ?? [];
  assert.deepEqual(find(state, 'm.room.name')?.content, {});
  // The same text again is a new event: what is current no longer says it.
  const again = await sendState(alice, roomId, 'm.room.name', '', { name: 'Embarrassing' });
  assert.notEqual(again, nameId);
});

test('redacted state says by what, wherever state is read', async (given) => {
  const alice = await given.user('alice');
  const roomId = await createRoom(alice);
  const topicId = await sendState(alice, roomId, 'm.room.topic', '', { topic: 'T' });
  const redactionId = await redact(alice, roomId, topicId, { reason: 'typo' });
  const state = eventsFrom(listAt(await ok(alice, 'GET', roomPath(roomId, 'state'))));
  const path = `${roomPath(roomId, 'state', 'm.room.topic')}?format=event`;
  const single = eventFrom(await ok(alice, 'GET', path));
  for (const event of [find(state, 'm.room.topic'), single]) {
    assert.deepEqual(event?.content, {});
    assert.equal(valueAt(event?.unsigned, 'redacted_because', 'event_id'), redactionId);
  }
  const create = find(state, 'm.room.create');
  assert.equal(valueAt(create?.unsigned, 'redacted_because'), undefined);
});
