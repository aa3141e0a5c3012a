import assert from 'node:assert/strict';

import {
  createRoom,
  inviteUser,
  joinRoom,
  logIn,
  sendEvent,
  sendState,
  sendText,
} from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';
import { act, ok, roomPath, v3 } from './requests.ts';
import { find, ids, tell } from './seen-event.ts';
import { serverTests } from './server-test.ts';
import { expectJoined, expectLeft, pollDuring, sync } from './sync-view.ts';

const test = serverTests();

test('a message wakes everybody in the room, its sender too', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId);
  const [ofAlice, ofBob] = [await sync(alice), await sync(bob)];
  const bobsPoll = pollDuring(bob, { since: ofBob.nextBatch }, async () => {});
  const view = await pollDuring(alice, { since: ofAlice.nextBatch }, () =>
    sendText(alice, roomId, 'wake up'),
  );
  assert.deepEqual(tell(expectJoined(view, roomId).timeline), ['wake up']);
  assert.deepEqual(tell(expectJoined(await bobsPoll, roomId).timeline), ['wake up']);
});

test('a poll goes on after a change that is not shown to it', async (given) => {
  const alice = await given.newUser();
  const [roomId, other] = [await createRoom(alice), await createRoom(alice)];
  const filter = { room: { rooms: [roomId], timeline: { not_types: ['org.example.quiet'] } } };
  const { nextBatch } = await sync(alice, { filter });
  const view = await pollDuring(alice, { since: nextBatch, filter }, async () => {
    await sendText(alice, other, 'elsewhere');
    await sendEvent(alice, roomId, 'org.example.quiet', {});
    await sendText(alice, roomId, 'loud');
  });
  assert.deepEqual(tell(expectJoined(view, roomId).timeline), ['loud']);
});

test('invitations, joins, kicks and bans wake whom they are about', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.newUser()];
  const roomId = await createRoom(alice);
  const start = await sync(bob);
  const invited = await pollDuring(bob, { since: start.nextBatch }, () =>
    inviteUser(alice, roomId, bob.userId),
  );
  assert.deepEqual(invited.rooms('invite'), [roomId]);
  const joined = await pollDuring(bob, { since: invited.nextBatch }, () => joinRoom(bob, roomId));
  assert.deepEqual(joined.rooms('join'), [roomId]);
  const topic = await pollDuring(bob, { since: joined.nextBatch }, () =>
    sendState(alice, roomId, 'm.room.topic', '', { topic: 'new' }),
  );
  assert.ok(find(expectJoined(topic, roomId).timeline, 'm.room.topic'));
  const kicked = await pollDuring(bob, { since: topic.nextBatch }, () =>
    act(alice, roomId, 'kick', { user_id: bob.userId }),
  );
  assert.equal(expectLeft(kicked, roomId).timeline.length, 1);
  const banned = await pollDuring(bob, { since: kicked.nextBatch }, () =>
    act(alice, roomId, 'ban', { user_id: bob.userId }),
  );
  assert.deepEqual(banned.rooms('leave'), [roomId]);
});

test('the user’s other device wakes the poll', async (given) => {
  const alice = await given.user('alice');
  const phone = await logIn(given.server, 'alice');
  const { nextBatch } = await sync(alice);
  let roomId = '';
  const view = await pollDuring(alice, { since: nextBatch }, async () => {
    roomId = await createRoom(phone);
  });
  assert.deepEqual(view.rooms('join'), [roomId]);
});

test('account data wakes its user, with the new value only', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  const base = `${v3}/user/${encodeURIComponent(alice.userId)}`;
  const path = `${base}/account_data/org.example.setting`;
  await ok(alice, 'PUT', path, { body: { n: 1 } });
  const start = await sync(alice);
  assert.deepEqual(start.accountData.find(({ type }) => type === 'org.example.setting')?.content, {
    n: 1,
  });
  const view = await pollDuring(alice, { since: start.nextBatch }, () =>
    ok(alice, 'PUT', path, { body: { n: 2, __proto__: null } }),
  );
  assert.deepEqual(
    view.accountData.map(({ json }) => json),
    [{ type: 'org.example.setting', content: { n: 2 } }],
  );
  const inRoom = `${base}/rooms/${encodeURIComponent(roomId)}/account_data/org.example.room`;
  const roomView = await pollDuring(alice, { since: view.nextBatch }, () =>
    ok(alice, 'PUT', inRoom, { body: { pinned: true } }),
  );
  assert.deepEqual(roomView.accountData, []);
  assert.deepEqual(
    expectJoined(roomView, roomId).accountData.map(({ json }) => json),
    [{ type: 'org.example.room', content: { pinned: true } }],
  );
  const after = await sync(alice, { since: roomView.nextBatch });
  assert.equal(after.joined(roomId), undefined);
  const initial = expectJoined(await sync(alice), roomId);
  assert.equal(initial.accountData.length, 1);
});

test('typing wakes the others, and ends', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId);
  const type = (body: object): Promise<unknown> =>
    ok(bob, 'PUT', roomPath(roomId, 'typing', bob.userId), { body });
  const start = await sync(alice);
  const view = await pollDuring(alice, { since: start.nextBatch }, () =>
    type({ typing: true, timeout: 60_000 }),
  );
  const room = expectJoined(view, roomId);
  assert.deepEqual(
    room.ephemeral.map(({ json }) => json),
    [{ type: 'm.typing', content: { user_ids: [bob.userId] } }],
  );
  assert.deepEqual(room.timeline, []);
  await type({ typing: false });
  // What changes while an answer is being made may be told twice.
  for (let { nextBatch } = view; ;) {
    const later = await sync(alice, { since: nextBatch, timeoutMs: 60_000 });
    const [event] = expectJoined(later, roomId).ephemeral;
    nextBatch = later.nextBatch;
    if (JSON.stringify(event?.content) === '{"user_ids":[]}') break;
  }
});

test('a receipt wakes the others, and a private one only its owner', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId);
  const [one, two] = [await sendText(alice, roomId, 'one'), await sendText(alice, roomId, 'two')];
  const start = await sync(alice);
  const receipt = (type: string, eventId: string): Promise<unknown> =>
    ok(bob, 'POST', roomPath(roomId, 'receipt', type, eventId), { body: {} });
  const seen = await pollDuring(alice, { since: start.nextBatch }, () => receipt('m.read', one));
  const event = expectJoined(seen, roomId).ephemeral.find(({ type }) => type === 'm.receipt');
  assert.ok(Number(valueAt(event?.content, one, 'm.read', bob.userId, 'ts')) > 0);
  const ofBob = await sync(bob);
  const own = await pollDuring(bob, { since: ofBob.nextBatch }, () =>
    receipt('m.read.private', two),
  );
  const ownEvent = expectJoined(own, roomId).ephemeral.find(({ type }) => type === 'm.receipt');
  assert.ok(valueAt(ownEvent?.content, two, 'm.read.private', bob.userId));
  assert.ok(!JSON.stringify((await sync(alice)).json).includes('m.read.private'));
});

test('a poll answers once with all that came at the same time', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  let { nextBatch } = await sync(alice);
  const sent = await Promise.all(
    Array.from({ length: 8 }, (_, n) => sendText(alice, roomId, `burst ${n}`)),
  );
  const seen: string[] = [];
  while (seen.length < sent.length) {
    const view = await sync(alice, { since: nextBatch, timeoutMs: 60_000 });
    seen.push(...ids(expectJoined(view, roomId).timeline));
    nextBatch = view.nextBatch;
  }
  assert.deepEqual(seen.toSorted(), sent.toSorted());
});
