import assert from 'node:assert/strict';

import { ok, outcome, v3 } from '../client-server/requests.ts';
import { api } from '../harness/api.ts';
import { createRoom, registerUser, type TestUser } from '../harness/client.ts';
import type { FederatedServer } from '../harness/federation.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { assertRefused, federationTests } from './federation-test.ts';

const test = federationTests({ allow_public_rooms_over_federation: true });
const v1 = '/_matrix/client/v1';

async function setChild(user: TestUser, space: string, child: string, via: string, more = {}) {
  const path = `${v3}/rooms/${encodeURIComponent(space)}/state/m.space.child/${encodeURIComponent(child)}`;
  await ok(user, 'PUT', path, { body: { via: [via], ...more } });
}

function hierarchyOf(roomId: string): string {
  return `/_matrix/federation/v1/hierarchy/${encodeURIComponent(roomId)}`;
}

/** A public space of alice's with a public, a private and an unknown child. */
async function makeSpace(one: FederatedServer, name: string) {
  const alice = await registerUser(one, name);
  const options = { room_version: '11', preset: 'public_chat' };
  const space = await createRoom(alice, { ...options, creation_content: { type: 'm.space' } });
  const open = await createRoom(alice, { ...options, name: 'Open' });
  const secret = await createRoom(alice, { room_version: '11', name: 'Secret' });
  const unknown = `!unknown:${one.serverName}`;
  for (const child of [open, secret, unknown]) await setChild(alice, space, child, one.serverName);
  return { alice, space, open, secret, unknown };
}

test('another server lists the published rooms, page by page, and searches them', async (given) => {
  const alice = await registerUser(given.one, 'alice');
  const bob = await registerUser(given.two, 'bob');
  for (const name of ['Red', 'Green', 'Blue']) {
    await createRoom(alice, { visibility: 'public', preset: 'public_chat', name });
  }
  const server = given.one.serverName;
  const list = (query: Record<string, number | string>): Promise<unknown> =>
    ok(bob, 'GET', `${v3}/publicRooms`, { query: { server, ...query } });
  const names = new Set<unknown>();
  let page = await list({ limit: 2 });
  for (let pages = 0; pages < 3; pages += 1) {
    for (const room of listAt(page, 'chunk')) names.add(valueAt(room, 'name'));
    const since = valueAt(page, 'next_batch');
    if (typeof since !== 'string') break;
    page = await list({ limit: 2, since });
  }
  assert.deepEqual(names, new Set(['Red', 'Green', 'Blue']));
  const body = { filter: { generic_search_term: 'green' } };
  const found = await ok(bob, 'POST', `${v3}/publicRooms`, { query: { server }, body });
  assert.deepEqual(
    listAt(found, 'chunk').map((room) => valueAt(room, 'name')),
    ['Green'],
  );
  const request = async (name: string): Promise<string> =>
    outcome(await bob.request('GET', `${v3}/publicRooms`, { query: { server: name } }));
  assert.equal(await request('no server'), '400 M_INVALID_PARAM');
  assert.equal(await request('127.0.0.1:1'), '502 M_UNKNOWN');
  const anonymous = await api(given.two.url).request('GET', `${v3}/publicRooms`, {
    query: { server },
  });
  assert.equal(outcome(anonymous), '401 M_MISSING_TOKEN');
});

test('what a server says of its rooms is taken without what is malformed', async (given) => {
  const [carol, peer] = [await registerUser(given.two, 'carol'), await given.newPeer()];
  const room = {
    room_id: '!a:x',
    num_joined_members: 1,
    world_readable: true,
    guest_can_join: false,
  };
  const chunk = [
    room,
    { ...room, name: 7, topic: 'T', evil: {} },
    { ...room, topic: 'U', canonical_alias: 'lounge', avatar_url: 'https://x' },
    { ...room, room_id: 'x' },
    7,
    null,
  ];
  peer.answer = (_request, response) =>
    response.end(JSON.stringify({ chunk, next_batch: 7, total_room_count_estimate: 'many' }));
  const query = { server: peer.serverName };
  assert.deepEqual(await ok(carol, 'GET', `${v3}/publicRooms`, { query }), {
    chunk: [room, { ...room, topic: 'T' }, { ...room, topic: 'U' }],
    total_room_count_estimate: 3,
  });
});

test('a room that one server does not give is asked of others that are named later', async (given) => {
  const [dora, peer] = [await registerUser(given.two, 'dora'), await given.newPeer()];
  const room = { room_id: '!far:127.0.0.1:1', num_joined_members: 1, world_readable: true };
  peer.answer = (_request, response) => {
    const answer = { room: { ...room, children_state: [] }, children: [] };
    response.end(JSON.stringify({ ...answer, inaccessible_children: [] }));
  };
  const hierarchy = (roomId: string) =>
    dora.request('GET', `${v1}/rooms/${encodeURIComponent(roomId)}/hierarchy`);
  assertRefused(await hierarchy(room.room_id), 403, 'M_FORBIDDEN');
  const space = await createRoom(dora, { creation_content: { type: 'm.space' } });
  await setChild(dora, space, room.room_id, peer.serverName);
  const { body } = await hierarchy(space);
  assert.deepEqual(
    listAt(body, 'rooms').map((each) => valueAt(each, 'room_id')),
    [space, room.room_id],
  );
});

test('a space is shown to a server as far as its users may see it', async ({ one, newPeer }) => {
  const peer = await newPeer();
  const { space, open, secret } = await makeSpace(one, 'spacer');
  const { status, body } = await peer.request(one.serverName, 'GET', hierarchyOf(space));
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(valueAt(body, 'room', 'room_id'), space);
  assert.equal(listAt(body, 'room', 'children_state').length, 3);
  assert.deepEqual(
    listAt(body, 'children').map((child) => valueAt(child, 'room_id')),
    [open],
  );
  assert.deepEqual(listAt(body, 'inaccessible_children'), [secret]);
  const suggested = await peer.request(
    one.serverName,
    'GET',
    `${hierarchyOf(space)}?suggested_only=true`,
  );
  assert.deepEqual(listAt(suggested.body, 'children'), []);
  for (const roomId of [secret, '!none:x', 'no room']) {
    assertRefused(
      await peer.request(one.serverName, 'GET', hierarchyOf(roomId)),
      404,
      'M_NOT_FOUND',
    );
  }
});

test('a client walks through a space of another server, and back into its own', async (given) => {
  const { space, open, alice } = await makeSpace(given.one, 'walker');
  const bob = await registerUser(given.two, 'walking');
  const inner = await createRoom(alice, {
    room_version: '11',
    preset: 'public_chat',
    creation_content: { type: 'm.space' },
  });
  await setChild(alice, space, inner, given.one.serverName, { suggested: true });
  const own = await createRoom(bob, { room_version: '11' });
  await setChild(alice, inner, own, given.two.serverName);
  const walk = async (query: Record<string, number | boolean>): Promise<unknown[]> => {
    const path = `${v1}/rooms/${encodeURIComponent(space)}/hierarchy`;
    const body = await ok(bob, 'GET', path, { query });
    return listAt(body, 'rooms').map((room) => valueAt(room, 'room_id'));
  };
  assert.deepEqual(await walk({}), [space, open, inner, own]);
  assert.deepEqual(await walk({ max_depth: 1 }), [space, open, inner]);
  assert.deepEqual(await walk({ suggested_only: true }), [space, inner]);
  const summary = `${v1}/room_summary/${encodeURIComponent(open)}`;
  const body = await ok(bob, 'GET', summary, { query: { via: given.one.serverName } });
  assert.deepEqual(
    [valueAt(body, 'room_id'), valueAt(body, 'name'), valueAt(body, 'membership')],
    [open, 'Open', 'leave'],
  );
});

test('a room of another server is shown by its alias, to those who have an account', async ({
  one,
  two,
}) => {
  const [alice, bob] = [await registerUser(one, 'aliasing'), await registerUser(two, 'asking')];
  const roomId = await createRoom(alice, {
    name: 'By its alias',
    preset: 'public_chat',
    room_alias_name: 'shown',
  });
  const path = (name: string): string =>
    `${v1}/room_summary/${encodeURIComponent(`#${name}:${one.serverName}`)}`;
  const body = await ok(bob, 'GET', path('shown'));
  assert.deepEqual([valueAt(body, 'room_id'), valueAt(body, 'name')], [roomId, 'By its alias']);
  assertRefused(await bob.request('GET', path('none')), 404, 'M_NOT_FOUND');
  assertRefused(await api(two.url).request('GET', path('shown')), 404, 'M_NOT_FOUND');
});

test('a space that another server makes up is shown no further than it holds', async (given) => {
  const [dave, peer] = [await registerUser(given.two, 'dave'), await given.newPeer()];
  const room = (id: string, more: object = {}): object => {
    const counts = { num_joined_members: 1, world_readable: false, guest_can_join: false };
    return { room_id: `!${id}:${peer.serverName}`, join_rule: 'public', ...counts, ...more };
  };
  const space = { ...room('space', { room_type: 'm.space' }), children_state: [] as unknown[] };
  for (const id of ['open', 'invite', 'restricted', 'hidden', 'space']) {
    space.children_state.push({
      type: 'm.space.child',
      state_key: `!${id}:${peer.serverName}`,
      content: { via: [peer.serverName] },
      sender: `@x:${peer.serverName}`,
      origin_server_ts: 1,
    });
  }
  space.children_state.push(7, { type: 'm.space.child', state_key: 'x', content: {} });
  const answer = {
    room: space,
    children: [
      room('open'),
      room('invite', { join_rule: 'invite' }),
      room('restricted', { join_rule: 'restricted', allowed_room_ids: ['!none:x', 7] }),
      'text',
    ],
    inaccessible_children: [`!hidden:${peer.serverName}`, 7],
  };
  peer.answer = (_request, response) => response.end(JSON.stringify(answer));
  const walk = async (id: string): Promise<unknown> => {
    const path = `${v1}/rooms/${encodeURIComponent(`!${id}:${peer.serverName}`)}/hierarchy`;
    const found = await dave.request('GET', path);
    if (found.status !== 200) return outcome(found);
    return listAt(found.body, 'rooms').map((each) => valueAt(each, 'room_id'));
  };
  assert.deepEqual(await walk('space'), [`!space:${peer.serverName}`, `!open:${peer.serverName}`]);
  assert.deepEqual(await walk('space'), [`!space:${peer.serverName}`, `!open:${peer.serverName}`]);
  const asked = peer.asked.filter((each) => each.includes('hierarchy'));
  assert.equal(asked.length, 1, 'an answer is kept for a while');
  assert.equal(await walk('other'), '403 M_FORBIDDEN', 'an answer about another room');
});
