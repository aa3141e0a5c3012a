import assert from 'node:assert/strict';

import { api } from '../harness/api.ts';
import { createRoom, inviteUser, joinRoom, sendState, type TestUser } from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { ok, outcome, refusal } from './requests.ts';
import { serverTests } from './server-test.ts';

const test = serverTests();
const v1 = '/_matrix/client/v1';

function hierarchyPath(roomId: string): string {
  return `${v1}/rooms/${encodeURIComponent(roomId)}/hierarchy`;
}

type Query = Readonly<Record<string, string | number | boolean>>;

async function hierarchy(
  user: TestUser,
  roomId: string,
  query: Query = {},
): Promise<{ ids: string[]; next: unknown; body: unknown }> {
  const body = await ok(user, 'GET', hierarchyPath(roomId), { query });
  const ids = listAt(body, 'rooms').map((room) => textAt(room, 'room_id'));
  return { ids, next: valueAt(body, 'next_batch'), body };
}

function createSpace(user: TestUser, options: object = {}): Promise<string> {
  return createRoom(user, { creation_content: { type: 'm.space' }, ...options });
}

async function addChild(
  user: TestUser,
  spaceId: string,
  roomId: string,
  content: object = {},
): Promise<void> {
  await sendState(user, spaceId, 'm.space.child', roomId, { via: ['example.org'], ...content });
}

test('a space is walked depth first, in the order of its children', async (given) => {
  const alice = await given.user('alice');
  const [root, inner] = [await createSpace(alice, { name: 'Root' }), await createSpace(alice)];
  const [one, two, three] = [
    await createRoom(alice),
    await createRoom(alice),
    await createRoom(alice),
  ];
  await addChild(alice, root, one);
  await addChild(alice, root, inner, { order: 'b', suggested: true });
  await addChild(alice, root, two, { order: 'a' });
  await addChild(alice, root, '!unknown:example.org', { order: 'aa' });
  await sendState(alice, root, 'm.space.child', three, {});
  await addChild(alice, inner, three);
  // A circle.
  await addChild(alice, inner, root);
  const all = await hierarchy(alice, root);
  assert.deepEqual(all.ids, [root, two, inner, three, one]);
  const [first] = listAt(all.body, 'rooms');
  const keys = listAt(first, 'children_state').map((event) => valueAt(event, 'state_key'));
  assert.deepEqual(keys, [two, '!unknown:example.org', inner, one]);
  assert.equal(valueAt(first, 'room_type'), 'm.space');
  assert.equal(valueAt(first, 'name'), 'Root');
  assert.deepEqual((await hierarchy(alice, root, { max_depth: 1 })).ids, [root, two, inner, one]);
  assert.deepEqual((await hierarchy(alice, root, { max_depth: 0 })).ids, [root]);
  assert.deepEqual((await hierarchy(alice, root, { suggested_only: true })).ids, [root, inner]);
  const pages: string[][] = [];
  let from: unknown;
  do {
    const query = { limit: 2, ...(typeof from === 'string' ? { from } : {}) };
    const page = await hierarchy(alice, root, query);
    pages.push(page.ids);
    from = page.next;
  } while (from !== undefined);
  assert.deepEqual(pages, [[root, two], [inner, three], [one]]);
});

test('rooms are shown to those who may read or join them, or ask to', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.user('bob')];
  const root = await createSpace(alice, { preset: 'public_chat' });
  const make = async (rule: string, options: object = {}): Promise<string> => {
    const joinRules = { join_rule: rule, allow: [{ type: 'm.room_membership', room_id: root }] };
    const roomId = await createRoom(alice, {
      initial_state: [{ type: 'm.room.join_rules', content: joinRules }],
      ...options,
    });
    await addChild(alice, root, roomId);
    return roomId;
  };
  await make('invite');
  const invited = await make('invite');
  await inviteUser(alice, invited, bob.userId);
  const open = await make('public');
  const restricted = await make('restricted');
  const knock = await make('knock');
  const seen = async (): Promise<string[]> => (await hierarchy(bob, root)).ids.toSorted();
  assert.deepEqual(await seen(), [root, invited, open, knock].toSorted());
  await joinRoom(bob, root);
  assert.deepEqual(await seen(), [root, invited, open, restricted, knock].toSorted());
  const { body } = await hierarchy(bob, root);
  const shown = listAt(body, 'rooms').find((room) => valueAt(room, 'room_id') === restricted);
  assert.deepEqual(valueAt(shown, 'allowed_room_ids'), [root]);
});

test('a space that one may not see, and tokens of other questions, are refused', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.user('bob')];
  const root = await createSpace(alice);
  await addChild(alice, root, await createRoom(alice));
  assert.equal(await refusal(bob, 'GET', hierarchyPath(root)), '403 M_FORBIDDEN');
  assert.equal(await refusal(bob, 'GET', hierarchyPath('!no:example.org')), '403 M_FORBIDDEN');
  const ask = (query: Query): Promise<string> =>
    refusal(alice, 'GET', hierarchyPath(root), { query });
  assert.equal(await ask({ from: 'nonsense' }), '400 M_INVALID_PARAM');
  assert.equal(await ask({ limit: 0 }), '400 M_INVALID_PARAM');
  assert.equal(await ask({ max_depth: -1 }), '400 M_INVALID_PARAM');
  const { next } = await hierarchy(alice, root, { limit: 1 });
  const from = String(next);
  assert.equal(await ask({ limit: 1, from, max_depth: 3 }), '400 M_INVALID_PARAM');
  assert.equal(await ask({ limit: 1, from }), '200');
});

test('a room is summed up for who may join it, with or without an account', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.user('bob')];
  const alias = `summary-${Math.random().toString(36).slice(2)}`;
  const open = await createRoom(alice, {
    preset: 'public_chat',
    room_alias_name: alias,
    name: 'Open',
  });
  const closed = await createRoom(alice);
  const path = (id: string): string => `${v1}/room_summary/${encodeURIComponent(id)}`;
  const body = await ok(alice, 'GET', path(open));
  assert.equal(valueAt(body, 'name'), 'Open');
  assert.equal(valueAt(body, 'membership'), 'join');
  assert.equal(typeof valueAt(body, 'room_version'), 'string');
  assert.equal(valueAt(await ok(bob, 'GET', path(open)), 'membership'), 'leave');
  const byAlias = path(textAt(body, 'canonical_alias'));
  assert.equal(valueAt(await ok(bob, 'GET', byAlias), 'room_id'), open);
  const anonymous = api(given.server.url);
  const seen = await anonymous.request('GET', path(open));
  assert.equal(seen.status, 200);
  assert.equal(valueAt(seen.body, 'membership'), undefined);
  assert.equal(outcome(await anonymous.request('GET', path(closed))), '404 M_NOT_FOUND');
  assert.equal(await refusal(bob, 'GET', path(closed)), '404 M_NOT_FOUND');
  assert.equal(await refusal(bob, 'GET', path('!no:example.org')), '404 M_NOT_FOUND');
  const unstable = `/_matrix/client/unstable/im.nheko.summary/summary/${encodeURIComponent(open)}`;
  assert.equal(valueAt(await ok(alice, 'GET', unstable), 'room_id'), open);
});

test('the rooms that two users share are listed', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const shared = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, shared);
  await createRoom(alice);
  await inviteUser(alice, await createRoom(alice), bob.userId);
  const path = `${v1}/mutual_rooms`;
  const ask = (id: string): Promise<unknown> => ok(alice, 'GET', path, { query: { user_id: id } });
  assert.deepEqual(await ask(bob.userId), { joined: [shared], count: 1 });
  assert.deepEqual(await ask('@nobody:example.org'), { joined: [], count: 0 });
  const refused = (query: Query): Promise<string> => refusal(alice, 'GET', path, { query });
  assert.equal(await refused({ user_id: alice.userId }), '400 M_INVALID_PARAM');
  assert.equal(await refused({ user_id: 'nobody' }), '400 M_INVALID_PARAM');
  assert.equal(await refused({ user_id: bob.userId, from: 'x' }), '400 M_INVALID_PARAM');
  assert.equal(await refused({}), '400 M_MISSING_PARAM');
});
