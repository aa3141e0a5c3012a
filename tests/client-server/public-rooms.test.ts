import assert from 'node:assert/strict';

import { api } from '../harness/api.ts';
import { createRoom, joinRoom, sendState, type TestUser } from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { act, ok, outcome, refusal, roomPath, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';

const test = serverTests({ room_list_publication_rules: null });

const list = `${v3}/publicRooms`;

function entryPath(roomId: string): string {
  return `${v3}/directory/list/room/${encodeURIComponent(roomId)}`;
}

function search(user: TestUser, body: object): Promise<unknown> {
  return ok(user, 'POST', list, { body });
}

function roomIds(page: unknown): string[] {
  return listAt(page, 'chunk').map((room) => textAt(room, 'room_id'));
}

async function find(user: TestUser, roomId: string): Promise<unknown> {
  const page = await ok(user, 'GET', list, { query: { limit: 500 } });
  return listAt(page, 'chunk').find((room) => valueAt(room, 'room_id') === roomId);
}

test('a published room is shown as its state says, and changes with it', async (given) => {
  const alice = await given.user('alice');
  const roomId = await createRoom(alice, {
    visibility: 'public',
    room_alias_name: 'shown',
    name: 'Shown',
    topic: 'What is shown',
    creation_content: { type: 'm.space' },
    initial_state: [{ type: 'm.room.avatar', content: { url: 'mxc://soma.test/a' } }],
  });
  const domain = alice.userId.slice(alice.userId.indexOf(':') + 1);
  assert.deepEqual(await find(alice, roomId), {
    room_id: roomId,
    num_joined_members: 1,
    world_readable: false,
    guest_can_join: false,
    join_rule: 'public',
    name: 'Shown',
    topic: 'What is shown',
    avatar_url: 'mxc://soma.test/a',
    canonical_alias: `#shown:${domain}`,
    room_type: 'm.space',
  });
  const bob = await given.user('bob');
  await joinRoom(bob, roomId);
  const nameId = await sendState(alice, roomId, 'm.room.name', '', { name: 'Renamed' });
  const visibility = { history_visibility: 'world_readable' };
  await sendState(alice, roomId, 'm.room.history_visibility', '', visibility);
  await sendState(alice, roomId, 'm.room.guest_access', '', { guest_access: 'can_join' });
  await sendState(alice, roomId, 'm.room.join_rules', '', { join_rule: 'knock' });
  const after = await find(bob, roomId);
  assert.equal(valueAt(after, 'num_joined_members'), 2);
  assert.equal(valueAt(after, 'name'), 'Renamed');
  assert.equal(valueAt(after, 'world_readable'), true);
  assert.equal(valueAt(after, 'guest_can_join'), true);
  assert.equal(valueAt(after, 'join_rule'), 'knock');
  await ok(alice, 'PUT', roomPath(roomId, 'redact', nameId, 'redaction'), { body: {} });
  assert.equal(valueAt(await find(bob, roomId), 'name'), undefined);
});

test('only who may, and only in a room that is there, changes what is published', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.user('bob');
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId);
  assert.deepEqual(await ok(bob, 'GET', entryPath(roomId)), { visibility: 'private' });
  assert.equal(await refusal(bob, 'PUT', entryPath(roomId), { body: {} }), '403 M_FORBIDDEN');
  const wrong = { body: { visibility: 'hidden' } };
  assert.equal(await refusal(alice, 'PUT', entryPath(roomId), wrong), '400 M_BAD_JSON');
  await ok(alice, 'PUT', entryPath(roomId), { body: {} });
  assert.deepEqual(await ok(bob, 'GET', entryPath(roomId)), { visibility: 'public' });
  assert.ok(await find(bob, roomId));
  await ok(alice, 'PUT', entryPath(roomId), { body: { visibility: 'private' } });
  assert.equal(await find(bob, roomId), undefined);
  for (const method of ['GET', 'PUT']) {
    const options = method === 'PUT' ? { body: {} } : {};
    const found = await refusal(alice, method, entryPath('!nowhere:soma.test'), options);
    assert.equal(found, '404 M_NOT_FOUND');
  }
});

test('a room that everybody has left is not shown', async (given) => {
  const carol = await given.newUser();
  const roomId = await createRoom(carol, { visibility: 'public' });
  assert.ok(await find(carol, roomId));
  await act(carol, roomId, 'leave');
  assert.equal(await find(carol, roomId), undefined);
});

test('the search looks in name, topic and alias, whatever the case and the signs', async (given) => {
  const alice = await given.user('alice');
  const make = (body: object): Promise<string> =>
    createRoom(alice, { visibility: 'public', ...body });
  const byName = await make({ name: 'ÄPFEL 100%_sure!' });
  const byTopic = await make({ name: 'other', topic: 'about äpfel and pears' });
  const byAlias = await make({ room_alias_name: 'pears-and-äpfel' });
  const found = async (term: string): Promise<string[]> =>
    roomIds(await search(alice, { filter: { generic_search_term: term } })).toSorted();
  assert.deepEqual(await found('äPFel'), [byName, byTopic, byAlias].toSorted());
  assert.deepEqual(await found('pears'), [byTopic, byAlias].toSorted());
  assert.deepEqual(await found('100%_s'), [byName]);
  assert.deepEqual(await found('sure!'), [byName]);
  assert.deepEqual(await found('1%s'), []);
});

test('the types of rooms that are asked for are those that are shown', async (given) => {
  const alice = await given.user('alice');
  const name = 'typed-for-the-filter';
  const plain = await createRoom(alice, { visibility: 'public', name });
  const space = await createRoom(alice, {
    visibility: 'public',
    name,
    creation_content: { type: 'm.space' },
  });
  const found = async (types: readonly unknown[]): Promise<string[]> => {
    const filter = { generic_search_term: name, room_types: types };
    return roomIds(await search(alice, { filter })).toSorted();
  };
  assert.deepEqual(await found([null]), [plain]);
  assert.deepEqual(await found(['m.space']), [space]);
  assert.deepEqual(await found([null, 'm.space']), [plain, space].toSorted());
  assert.deepEqual(await found([]), []);
  const body = { filter: { room_types: 'm.space' } };
  assert.equal(await refusal(alice, 'POST', list, { body }), '400 M_BAD_JSON');
});

test('pages lead through all rooms, the largest first, and back', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.user('bob');
  const made: string[] = [];
  for (let index = 0; index < 5; index += 1) {
    made.push(await createRoom(alice, { visibility: 'public', name: 'paged-through' }));
  }
  const [largest] = made;
  if (largest !== undefined) await joinRoom(bob, largest);
  const filter = { generic_search_term: 'paged-through' };
  const pages: string[][] = [];
  let next: unknown;
  let last: unknown;
  do {
    last = await search(alice, {
      limit: 2,
      filter,
      ...(next === undefined ? {} : { since: next }),
    });
    pages.push(roomIds(last));
    next = valueAt(last, 'next_batch');
  } while (next !== undefined);
  assert.deepEqual(
    pages.map((page) => page.length),
    [2, 2, 1],
  );
  assert.deepEqual(pages.flat().toSorted(), made.toSorted());
  assert.equal(pages[0]?.[0], largest);
  const back = await search(alice, { limit: 2, filter, since: textAt(last, 'prev_batch') });
  assert.deepEqual(roomIds(back), pages[1]);
  const first = await search(alice, { limit: 2, filter, since: textAt(back, 'prev_batch') });
  assert.deepEqual(roomIds(first), pages[0]);
  assert.equal(valueAt(first, 'prev_batch'), undefined);
  assert.equal(textAt(first, 'next_batch').length > 0, true);
  assert.ok(Number(valueAt(first, 'total_room_count_estimate')) >= 5);
  for (const since of ['nonsense', 'n1', 'x1_2']) {
    const found = await refusal(alice, 'GET', list, { query: { since } });
    assert.equal(found, '400 M_INVALID_PARAM');
  }
});

test('without a token, of a server that is away or with a wrong limit it is refused', async (given) => {
  const alice = await given.user('alice');
  const anonymous = await api(given.server.url).request('GET', list);
  assert.equal(outcome(anonymous), '401 M_MISSING_TOKEN');
  const query = { server: '127.0.0.1:1' };
  assert.equal(await refusal(alice, 'GET', list, { query }), '502 M_UNKNOWN');
  const found = await refusal(alice, 'GET', list, { query: { limit: 'ten' } });
  assert.equal(found, '400 M_INVALID_PARAM');
  const nulls = { limit: null, since: null, filter: null, third_party_instance_id: null };
  assert.equal(outcome(await alice.request('POST', list, { body: nulls })), '200');
  const network = await search(alice, { third_party_instance_id: 'irc' });
  assert.deepEqual(roomIds(network), []);
});
