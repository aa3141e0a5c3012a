import assert from 'node:assert/strict';

import { isJsonObject, roomVersion, type JsonObject } from '@soma/protocol';

import { ok, readMessages, refusal, roomPath } from '../client-server/requests.ts';
import { joinRoom, registerAdmin, registerUser, sendState, sync } from '../harness/client.ts';
import type { TestUser } from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { federationTests } from './federation-test.ts';
import { forkedRoom, said, sendPdus, untilEnds, untilFewEnds } from './forked-room.ts';
import { signEvent } from './played-user.ts';
import { recordTransactions } from './transaction-record.ts';

const test = federationTests({ dummy_events_threshold: 12 });

const version = roomVersion('11') ?? assert.fail();
const texts = Array.from({ length: 45 }, (_, index) => said(`fork ${index}`));
const type = 'org.matrix.dummy_event';

/** All that a client may come across of a room, as text. */
async function everythingShown(user: TestUser, roomId: string, since: string): Promise<string> {
  const { events } = await readMessages(user, roomId, { limit: 200 });
  const context = await ok(user, 'GET', roomPath(roomId, 'context', events[0]?.eventId ?? ''));
  const answers = [
    events,
    context,
    (await sync(user)).body,
    (await sync(user, { since })).body,
    await ok(user, 'GET', '/_matrix/client/v3/notifications', { query: { limit: 100 } }),
    await ok(user, 'GET', roomPath(roomId, 'initialSync')),
  ];
  return JSON.stringify(answers);
}

async function unread(user: TestUser, roomId: string): Promise<unknown> {
  const { body } = await sync(user);
  return valueAt(body, 'rooms', 'join', roomId, 'unread_notifications', 'notification_count');
}

test('a room with too many ends is brought together by events that nobody sees', async (given) => {
  const { one } = given;
  const admin = await registerAdmin(one, 'dummy-admin');
  const carol = await registerUser(one, 'dummy-carol');
  const rules = `/_matrix/client/v3/pushrules/global/room`;
  const made: string[] = [];
  const { alice, bob, roomId } = await forkedRoom(given, 'dummy', texts, async (room) => {
    await joinRoom(carol, room);
    const body = { actions: ['notify'] };
    await ok(carol, 'PUT', `${rules}/${encodeURIComponent(room)}`, { body });
    made.push((await sync(carol)).nextBatch);
  });
  const record = recordTransactions(bob.peer);
  const until = { since: made[0] ?? '' };
  for (let count = 0; count < texts.length;) {
    const { body, nextBatch } = await sync(carol, { ...until, timeoutMs: 10_000 });
    count += JSON.stringify(body).split('"fork ').length - 1;
    until.since = nextBatch;
  }
  await untilFewEnds(admin, roomId, 12);
  const dummiesAt = (): JsonObject[] => record.pdus().filter((pdu) => pdu['type'] === type);
  await record.until(() => dummiesAt().length > 0);
  for (const pdu of dummiesAt()) {
    assert.equal(pdu['sender'], alice.userId);
    assert.deepEqual(pdu['content'], {});
    const count = listAt(pdu, 'prev_events').length;
    assert.ok(count > 12 && count <= 20, String(count));
  }
  const [first] = made;
  assert.ok(first !== undefined);
  const shown = await everythingShown(carol, roomId, first);
  assert.ok(!shown.includes(type), shown);
  assert.ok(shown.includes('fork 44'));
  // Neither does what alice is made to say tell that she has read, nor does it count.
  assert.equal(await unread(alice, roomId), 45);
  // Even carol's own rule, which tells her of whatever happens in the room, tells her of the texts alone.
  assert.equal(await unread(carol, roomId), 45);
});

test('a room that is not forked too much is left alone', async (given) => {
  const admin = await registerAdmin(given.one, 'calm-admin');
  const { bob, roomId } = await forkedRoom(given, 'calm', texts.slice(0, 12));
  const record = recordTransactions(bob.peer);
  await untilEnds(admin, roomId, 12);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await untilEnds(admin, roomId, 12);
  assert.deepEqual(record.pdus(), []);
});

test('a user sends the event who may', async (given) => {
  const { one } = given;
  const admin = await registerAdmin(one, 'power-admin');
  const carol = await registerUser(one, 'power-carol');
  const forks = texts.slice(0, 15);
  const { bob, roomId } = await forkedRoom(given, 'power', forks, async (room, alice) => {
    await joinRoom(carol, room);
    const users = { [alice.userId]: 40, [carol.userId]: 50 };
    await sendState(alice, room, 'm.room.power_levels', '', {
      users,
      events: { [type]: 50, 'm.room.power_levels': 0 },
    });
  });
  const record = recordTransactions(bob.peer);
  await untilFewEnds(admin, roomId, 12);
  const [pdu] = await record.untilPdus(1);
  assert.deepEqual([pdu?.['type'], pdu?.['sender']], [type, carol.userId]);
});

test('what another server sends as such an event is shown to nobody', async (given) => {
  const { one } = given;
  const { alice, bob, roomId } = await forkedRoom(given, 'strange', [said('first')]);
  const template = valueAt((await bob.make(one, 'leave', roomId)).body, 'event');
  assert.ok(isJsonObject(template));
  const { state_key: _, ...event } = template;
  const { events } = await readMessages(alice, roomId, { limit: 1 });
  const parentId = events[0]?.eventId ?? '';
  const { nextBatch } = await sync(alice);
  const before = await unread(alice, roomId);
  const content = (relation: JsonObject): JsonObject => ({
    msgtype: 'm.text',
    body: 'psst',
    'm.mentions': { user_ids: [alice.userId] },
    'm.relates_to': { event_id: parentId, ...relation },
  });
  const dummies = [
    content({ rel_type: 'm.thread' }),
    content({ rel_type: 'm.annotation', key: 'x' }),
    content({ rel_type: 'm.reference' }),
  ].map((each) => signEvent(bob.peer, version, { ...event, type, content: each }));
  const last = signEvent(bob.peer, version, { ...event, ...said('last') });
  await sendPdus(
    bob,
    one.serverName,
    [...dummies, last].map(({ pdu }) => pdu),
  );
  let shown = '';
  for (let since = nextBatch; !shown.includes(last.eventId);) {
    const { body, nextBatch: next } = await sync(alice, { since, timeoutMs: 10_000 });
    [shown, since] = [shown + JSON.stringify(body), next];
  }
  assert.ok(!shown.includes('psst'));
  assert.ok(!(await everythingShown(alice, roomId, nextBatch)).includes('psst'));
  assert.equal(await unread(alice, roomId), Number(before) + 1);
  for (const { eventId } of dummies) {
    assert.equal(
      await refusal(alice, 'GET', roomPath(roomId, 'event', eventId)),
      '404 M_NOT_FOUND',
    );
  }
  const parent = await ok(alice, 'GET', roomPath(roomId, 'event', parentId));
  assert.equal(valueAt(parent, 'unsigned', 'm.relations'), undefined);
  const relations = await ok(
    alice,
    'GET',
    `/_matrix/client/v1/rooms/${encodeURIComponent(roomId)}/relations/${encodeURIComponent(parentId)}`,
  );
  assert.deepEqual(listAt(relations, 'chunk'), []);
  const threads = await ok(
    alice,
    'GET',
    `/_matrix/client/v1/rooms/${encodeURIComponent(roomId)}/threads`,
  );
  assert.deepEqual(listAt(threads, 'chunk'), []);
  // Other servers get them: they belong to the room's history.
  const path = `/_matrix/federation/v1/event/${encodeURIComponent(dummies[0]?.eventId ?? '')}`;
  const { body } = await bob.peer.request(one.serverName, 'GET', path);
  assert.equal(textAt(listAt(body, 'pdus')[0], 'type'), type);
});
