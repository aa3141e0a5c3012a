import assert from 'node:assert/strict';

import { api } from '../harness/api.ts';
import { createRoom, joinRoom, sendState, type TestUser } from '../harness/client.ts';
import { textAt } from '../harness/json-path.ts';
import { ok, outcome, readContent, readState, refusal, roomPath, v3 } from './requests.ts';
import { find } from './seen-event.ts';
import { serverTests } from './server-test.ts';

const test = serverTests();

function aliasPath(alias: string): string {
  return `${v3}/directory/room/${encodeURIComponent(alias)}`;
}

function put(user: TestUser, alias: string, roomId: string): Promise<string> {
  return refusal(user, 'PUT', aliasPath(alias), { body: { room_id: roomId } });
}

function domainOf(user: TestUser): string {
  return user.userId.slice(user.userId.indexOf(':') + 1);
}

test('an alias is made, found by anyone, joined by, listed and taken away', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.user('bob');
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  const alias = `#Garden-Päth-1!:${domainOf(alice)}`;
  assert.equal(await put(alice, alias, roomId), '200');
  const found = await api(given.server.url).request('GET', aliasPath(alias));
  assert.deepEqual(found.body, { room_id: roomId, servers: [domainOf(alice)] });
  assert.equal(await joinRoom(bob, alias), roomId);
  const listed = await ok(bob, 'GET', roomPath(roomId, 'aliases'));
  assert.deepEqual(listed, { aliases: [alias] });
  assert.equal(await put(alice, alias, roomId), '409 M_UNKNOWN');
  assert.equal(await refusal(bob, 'DELETE', aliasPath(alias)), '403 M_FORBIDDEN');
  assert.equal(await refusal(alice, 'DELETE', aliasPath(alias)), '200');
  assert.equal(await refusal(alice, 'DELETE', aliasPath(alias)), '404 M_NOT_FOUND');
  assert.equal(await refusal(bob, 'GET', aliasPath(alias)), '404 M_NOT_FOUND');
});

test('what is no alias of this server, or of no room of the user, is refused', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.user('bob');
  const roomId = await createRoom(alice);
  const domain = domainOf(alice);
  const bad = ['no-sigil', '#no-server', '#two words:x', `#a b:${domain}`, `#:${domain}`];
  for (const text of [...bad, '#elsewhere:other.example', `#${'x'.repeat(255)}:${domain}`]) {
    assert.equal(await put(alice, text, roomId), '400 M_INVALID_PARAM', text);
  }
  assert.equal(await put(bob, `#outsider:${domain}`, roomId), '403 M_FORBIDDEN');
  assert.equal(await put(alice, `#nowhere:${domain}`, '!nowhere:soma.test'), '403 M_FORBIDDEN');
  assert.equal(
    await refusal(alice, 'PUT', aliasPath(`#x:${domain}`), { body: {} }),
    '400 M_MISSING_PARAM',
  );
  const anonymous = await api(given.server.url).request('PUT', aliasPath(`#x:${domain}`), {
    body: { room_id: roomId },
  });
  assert.equal(outcome(anonymous), '401 M_MISSING_TOKEN');
});

test('members and, where the world may read, everyone see the aliases of a room', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.user('bob');
  const roomId = await createRoom(alice);
  const path = roomPath(roomId, 'aliases');
  assert.equal(await refusal(bob, 'GET', path), '403 M_FORBIDDEN');
  const content = { history_visibility: 'world_readable' };
  await sendState(alice, roomId, 'm.room.history_visibility', '', content);
  assert.deepEqual(await ok(bob, 'GET', path), { aliases: [] });
});

test('who may set the canonical alias may delete aliases, and the state follows', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.user('bob');
  const domain = domainOf(alice);
  const [main, other] = [`#state-main:${domain}`, `#state-other:${domain}`];
  const roomId = await createRoom(alice, {
    preset: 'public_chat',
    power_level_content_override: { state_default: 50, events: { 'm.room.canonical_alias': 0 } },
  });
  await joinRoom(bob, roomId);
  for (const alias of [main, other]) assert.equal(await put(alice, alias, roomId), '200');
  const content = { alias: main, alt_aliases: [other] };
  await sendState(alice, roomId, 'm.room.canonical_alias', '', content);
  assert.equal(await refusal(bob, 'DELETE', aliasPath(other)), '200');
  assert.deepEqual(await readContent(alice, roomId, 'm.room.canonical_alias'), { alias: main });
  assert.equal(await refusal(bob, 'DELETE', aliasPath(main)), '200');
  assert.deepEqual(await readContent(alice, roomId, 'm.room.canonical_alias'), {});
});

test('a canonical alias must be an alias, and newly listed ones must be of the room', async (given) => {
  const alice = await given.user('alice');
  const domain = domainOf(alice);
  const roomId = await createRoom(alice);
  const elsewhere = await createRoom(alice);
  const [here, there] = [`#is-here:${domain}`, `#is-there:${domain}`];
  assert.equal(await put(alice, here, roomId), '200');
  assert.equal(await put(alice, there, elsewhere), '200');
  const set = (body: object): Promise<string> =>
    refusal(alice, 'PUT', roomPath(roomId, 'state', 'm.room.canonical_alias'), { body });
  assert.equal(await set({ alias: 'not an alias' }), '400 M_INVALID_PARAM');
  assert.equal(await set({ alias: 7 }), '400 M_INVALID_PARAM');
  assert.equal(await set({ alt_aliases: ['#no-server'] }), '400 M_INVALID_PARAM');
  assert.equal(await set({ alt_aliases: here }), '400 M_BAD_JSON');
  assert.equal(await set({ alias: there }), '400 M_BAD_ALIAS');
  assert.equal(await set({ alias: here, alt_aliases: [there] }), '400 M_BAD_ALIAS');
  assert.equal(await set({ alias: `#nobody-made:${domain}` }), '400 M_BAD_ALIAS');
  assert.equal(await set({ alias: here }), '200');
  assert.equal(await refusal(alice, 'DELETE', aliasPath(here)), '200');
  assert.equal(await set({ alias: null }), '200');
});

test('aliases that were listed before may stay although they lead nowhere', async (given) => {
  const alice = await given.user('alice');
  const gone = `#gone:${domainOf(alice)}`;
  const roomId = await createRoom(alice, {
    initial_state: [{ type: 'm.room.canonical_alias', content: { alias: gone } }],
  });
  await sendState(alice, roomId, 'm.room.canonical_alias', '', { alt_aliases: [gone] });
});

test('a room is created with its alias, or not at all', async (given) => {
  const alice = await given.user('alice');
  const domain = domainOf(alice);
  const roomId = await createRoom(alice, { room_alias_name: 'fishpond' });
  const alias = `#fishpond:${domain}`;
  const state = await readState(alice, roomId);
  assert.deepEqual(find(state, 'm.room.canonical_alias')?.content, { alias });
  const resolved = await ok(alice, 'GET', aliasPath(alias));
  assert.equal(textAt(resolved, 'room_id'), roomId);
  const create = (name: string): Promise<string> =>
    refusal(alice, 'POST', `${v3}/createRoom`, { body: { room_alias_name: name } });
  assert.equal(await create('fishpond'), '400 M_ROOM_IN_USE');
  for (const name of ['', 'with:colon', '#sigil', 'two words', 'x'.repeat(250)]) {
    assert.equal(await create(name), '400 M_INVALID_PARAM', name);
  }
  const twins = await Promise.all(['pond', 'pond', 'pond'].map(create));
  assert.deepEqual(twins.toSorted(), ['200', '400 M_ROOM_IN_USE', '400 M_ROOM_IN_USE']);
});

test('joining by an alias that nobody made, or by what is none, is refused', async (given) => {
  const alice = await given.user('alice');
  const join = (text: string): Promise<string> =>
    refusal(
      alice,
      'POST',
      `${v3}/join/${encodeURIComponent(text)}?via=other.example&server_name=x`,
    );
  assert.equal(await join(`#unmade:${domainOf(alice)}`), '404 M_NOT_FOUND');
  assert.equal(await join('#no-server'), '400 M_INVALID_PARAM');
  assert.equal(await join('neither'), '400 M_INVALID_PARAM');
});

const ruled = serverTests({
  alias_creation_rules: [{ alias: '#free*', action: 'allow' }, { action: 'deny' }],
  room_list_publication_rules: [{ user_id: '@publisher:*' }],
});

ruled(
  'the operator’s rules decide who makes which alias and publishes which room',
  async (given) => {
    const alice = await given.user('alice');
    const publisher = await given.user('publisher');
    const roomId = await createRoom(alice);
    assert.equal(await put(alice, `#free-1:${domainOf(alice)}`, roomId), '200');
    assert.equal(await put(alice, `#other:${domainOf(alice)}`, roomId), '403 M_FORBIDDEN');
    const body = { room_alias_name: 'other' };
    assert.equal(await refusal(alice, 'POST', `${v3}/createRoom`, { body }), '403 M_FORBIDDEN');
    const listPath = (id: string): string => `${v3}/directory/list/room/${encodeURIComponent(id)}`;
    assert.equal(await refusal(alice, 'PUT', listPath(roomId), { body: {} }), '403 M_FORBIDDEN');
    // The room is made all the same, as Synapse does it.
    const unlisted = await createRoom(alice, { visibility: 'public' });
    assert.deepEqual(await ok(alice, 'GET', listPath(unlisted)), { visibility: 'private' });
    const listed = await createRoom(publisher, { visibility: 'public' });
    assert.deepEqual(await ok(alice, 'GET', listPath(listed)), { visibility: 'public' });
  },
);
