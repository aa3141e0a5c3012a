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
import { textAt, valueAt } from '../harness/json-path.ts';
import { ok, refusal, roomPath, v3 } from './requests.ts';
import { find, tell } from './seen-event.ts';
import { serverTests } from './server-test.ts';
import { expectJoined, sync, type RoomView } from './sync-view.ts';

const test = serverTests();

async function storeFilter(user: TestUser, filter: object): Promise<string> {
  const path = `${v3}/user/${encodeURIComponent(user.userId)}/filter`;
  return textAt(await ok(user, 'POST', path, { body: filter }), 'filter_id');
}

/** What a filter gives as JSON must be what it gives when it is stored. */
async function roomBy(
  user: TestUser,
  roomId: string,
  filter: object,
  since?: string,
): Promise<RoomView> {
  const query = since === undefined ? {} : { since };
  const inline = expectJoined(await sync(user, { ...query, filter }), roomId);
  const stored = await storeFilter(user, filter);
  const byId = expectJoined(await sync(user, { ...query, filter: stored }), roomId);
  assert.deepEqual(tell(byId.timeline), tell(inline.timeline));
  assert.deepEqual(tell(byId.state), tell(inline.state));
  return inline;
}

test('the timeline’s filter chooses by type and sender', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.user('bob')];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId);
  await sendText(alice, roomId, 'from Alice');
  const labels = { 'org.matrix.labels': ['#fun'] };
  const custom = { body: 'custom', url: 'mxc://soma.test/1', ...labels };
  await sendEvent(bob, roomId, 'org.example.a', custom);
  await sendText(bob, roomId, 'from Bob');
  const table: readonly (readonly [object, readonly string[]])[] = [
    [{ types: ['m.room.message'] }, ['from Alice', 'from Bob']],
    [{ types: ['org.example.*'] }, ['custom']],
    [{ types: ['m.room.message', 'org.*'], not_types: ['*message'] }, ['custom']],
    [{ senders: [bob.userId], types: ['m.room.message'] }, ['from Bob']],
    [{ not_senders: [alice.userId], not_types: ['m.room.member'] }, ['custom', 'from Bob']],
    [{ contains_url: true }, ['custom']],
    [{ 'org.matrix.labels': ['#fun'] }, ['custom']],
    [
      { types: ['m.room.message', 'org.*'], 'org.matrix.not_labels': ['#fun'] },
      ['from Alice', 'from Bob'],
    ],
    [{ types: [] }, []],
    [{ rooms: [roomId], types: ['m.room.message'], limit: 1 }, ['from Bob']],
    [{ rooms: ['!other:soma.test'] }, []],
    [{ not_rooms: [roomId] }, []],
  ];
  for (const [timeline, expected] of table) {
    const room = await roomBy(alice, roomId, { room: { timeline } });
    assert.deepEqual(tell(room.timeline), expected, JSON.stringify(timeline));
  }
});

test('a filtered timeline reaches back beyond what it leaves out', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  const { nextBatch } = await sync(alice);
  await sendText(alice, roomId, 'wanted 1');
  for (let n = 0; n < 25; n += 1) await sendEvent(alice, roomId, 'org.example.noise', { n });
  await sendText(alice, roomId, 'wanted 2');
  const filter = { room: { timeline: { types: ['m.room.message'], limit: 2 } } };
  const room = await roomBy(alice, roomId, filter, nextBatch);
  assert.deepEqual(tell(room.timeline), ['wanted 1', 'wanted 2']);
  assert.equal(room.limited, false);
});

test('state that the timeline’s filter leaves out is told as state', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await createRoom(alice, { preset: 'public_chat', topic: 'before' });
  const { nextBatch } = await sync(alice);
  await sendText(alice, roomId, 'one');
  await sendState(alice, roomId, 'm.room.topic', '', { topic: 'between' });
  await joinRoom(bob, roomId);
  await sendText(bob, roomId, 'two');
  for (const lazy of [false, true]) {
    const filter = {
      room: { timeline: { types: ['m.room.message'] }, state: { lazy_load_members: lazy } },
    };
    for (const since of [undefined, nextBatch]) {
      const room = await roomBy(alice, roomId, filter, since);
      assert.deepEqual(tell(room.timeline), ['one', 'two']);
      assert.deepEqual(
        find(room.state, 'm.room.topic')?.content,
        valueAt(find(room.state, 'm.room.topic'), 'content'),
      );
      assert.equal(valueAt(find(room.state, 'm.room.topic')?.content, 'topic'), 'between');
      assert.ok(find(room.state, 'm.room.member', bob.userId));
    }
  }
});

test('the state’s filter chooses state, and leaves the timeline alone', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice, { name: 'Name', topic: 'Topic' });
  for (let n = 0; n < 3; n += 1) await sendText(alice, roomId, `message ${n}`);
  const timeline = { limit: 2 };
  const table: readonly (readonly [object, (types: ReadonlySet<string>) => boolean])[] = [
    [{ types: ['m.room.name'] }, (types) => types.size === 1 && types.has('m.room.name')],
    [{ not_types: ['m.room.*'] }, (types) => types.size === 0],
    [{ types: [] }, (types) => types.size === 0],
    [{ not_types: ['m.room.name'] }, (types) => !types.has('m.room.name') && types.size > 4],
    [{ not_senders: [alice.userId] }, (types) => types.size === 0],
    [{ not_rooms: [roomId] }, (types) => types.size === 0],
    [{ rooms: ['!other:soma.test'] }, (types) => types.size === 0],
  ];
  for (const [state, isRight] of table) {
    const room = await roomBy(alice, roomId, { room: { timeline, state } });
    const types = new Set(room.state.map(({ type }) => type));
    assert.ok(isRight(types), `${JSON.stringify(state)}: ${[...types].join()}`);
    assert.equal(room.timeline.length, 2);
  }
});

test('rooms and not_rooms choose rooms, invitations among them', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.user('bob')];
  const [one, two] = [await createRoom(alice), await createRoom(alice)];
  const invitation = await createRoom(bob);
  await inviteUser(bob, invitation, alice.userId);
  const table: readonly (readonly [object, readonly string[], readonly string[]])[] = [
    [{ rooms: [one] }, [one], []],
    [{ not_rooms: [one] }, [two], [invitation]],
    [{ rooms: [one, two, invitation], not_rooms: [two] }, [one], [invitation]],
    [{ rooms: [] }, [], []],
    [{ rooms: ['!unknown:soma.test'] }, [], []],
  ];
  for (const [room, joined, invited] of table) {
    const view = await sync(alice, { filter: { room } });
    assert.deepEqual(view.rooms('join'), joined, JSON.stringify(room));
    assert.deepEqual(view.rooms('invite'), invited, JSON.stringify(room));
  }
});

test('account data and ephemeral events have filters of their own', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  const base = `${v3}/user/${encodeURIComponent(alice.userId)}`;
  const put = (path: string): Promise<unknown> =>
    ok(alice, 'PUT', `${base}${path}`, { body: { a: 1 } });
  const inRoom = `/rooms/${encodeURIComponent(roomId)}/account_data`;
  for (const type of ['org.example.a', 'org.example.b']) {
    await put(`/account_data/${type}`);
    await put(`${inRoom}/${type}`);
  }
  await ok(alice, 'PUT', roomPath(roomId, 'typing', alice.userId), { body: { typing: true } });
  const only = { types: ['org.example.a'] };
  const chosen = await sync(alice, {
    filter: {
      account_data: only,
      room: { account_data: only, ephemeral: { types: ['m.typing'] } },
    },
  });
  const types = (events: readonly { type: string }[]): string[] => events.map(({ type }) => type);
  assert.deepEqual(types(chosen.accountData), ['org.example.a']);
  const room = expectJoined(chosen, roomId);
  assert.deepEqual(types(room.accountData), ['org.example.a']);
  assert.deepEqual(types(room.ephemeral), ['m.typing']);
  const none = await sync(alice, {
    filter: {
      account_data: { not_types: ['*'] },
      room: { account_data: { not_rooms: [roomId] }, ephemeral: { not_types: ['m.*'] } },
    },
  });
  const empty = expectJoined(none, roomId);
  assert.deepEqual([none.accountData, empty.accountData, empty.ephemeral], [[], [], []]);
});

test('event_fields leaves only the fields that are asked for', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  const { nextBatch } = await sync(alice);
  await sendEvent(alice, roomId, 'm.room.message', { body: 'x', 'm.dotted': { a: 1, b: 2 }, c: 3 });
  const fields = ['type', 'content.body', 'content.m\\.dotted.a', 'content.absent'];
  const filter = { event_fields: fields };
  const room = expectJoined(await sync(alice, { since: nextBatch, filter }), roomId);
  assert.deepEqual(
    room.timeline.map(({ json }) => json),
    [{ type: 'm.room.message', content: { body: 'x', 'm.dotted': { a: 1 } } }],
  );
});

test('a filter is stored for its user, and no one else', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.user('bob')];
  const filter = { room: { timeline: { limit: 3, 'org.example.unknown': true } } };
  const filterId = await storeFilter(alice, filter);
  const path = (user: TestUser, id: string): string =>
    `${v3}/user/${encodeURIComponent(user.userId)}/filter/${id}`;
  assert.deepEqual(await ok(alice, 'GET', path(alice, filterId)), filter);
  assert.equal(await storeFilter(alice, filter), filterId);
  assert.match(await refusal(bob, 'GET', path(alice, filterId)), /^403 M_FORBIDDEN$/);
  assert.equal(await refusal(alice, 'GET', path(alice, '999')), '404 M_NOT_FOUND');
  const wrong = ['999', '{', '{"room":[]}', '{"room":{"timeline":{"limit":"ten"}}}'];
  for (const text of wrong) {
    const found = await refusal(alice, 'GET', `${v3}/sync`, { query: { filter: text } });
    assert.match(found, /^40[04] M_/, text);
  }
});
