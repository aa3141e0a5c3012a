import assert from 'node:assert/strict';

import {
  createRoom,
  inviteUser,
  joinRoom,
  sendState,
  sendText,
  type TestUser,
} from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { act, ok, readContent, readState, refusal, roomPath, v3 } from './requests.ts';
import { find } from './seen-event.ts';
import { serverTests } from './server-test.ts';

const test = serverTests();

async function upgrade(user: TestUser, roomId: string, body: object): Promise<string> {
  const answer = await ok(user, 'POST', roomPath(roomId, 'upgrade'), { body });
  return textAt(answer, 'replacement_room');
}

function domainOf(user: TestUser): string {
  return user.userId.slice(user.userId.indexOf(':') + 1);
}

for (const [from, to] of [
  ['11', '12'],
  ['12', '12'],
  ['12', '11'],
  ['9', '10'],
] as const) {
  test(`a room of version ${from} is replaced by one of version ${to}`, async (given) => {
    const alice = await given.user('alice');
    const mallory = await given.user('mallory');
    const aliasName = `moves-${from}-${to}`;
    const alias = `#${aliasName}:${domainOf(alice)}`;
    const roomId = await createRoom(alice, {
      room_version: from,
      visibility: 'public',
      room_alias_name: aliasName,
      name: 'Old name',
      topic: 'Old topic',
      creation_content: { type: 'm.space', 'm.federate': false },
      initial_state: [
        { type: 'm.room.server_acl', content: { allow: ['*'], deny: ['evil.example'] } },
        { type: 'm.room.encryption', content: { algorithm: 'm.megolm.v1.aes-sha2' } },
        { type: 'm.room.avatar', content: { url: 'mxc://soma.test/a' } },
        { type: 'm.space.child', state_key: '!child:soma.test', content: { via: ['soma.test'] } },
        { type: 'm.space.child', state_key: '!removed:soma.test', content: {} },
        { type: 'org.example.own', content: { stays: true } },
      ],
    });
    await act(alice, roomId, 'ban', { user_id: mallory.userId, reason: 'spam' });
    const newId = await upgrade(alice, roomId, { new_version: to });
    assert.notEqual(newId, roomId);

    const state = await readState(alice, newId);
    const of = (type: string, key = ''): unknown => find(state, type, key)?.content;
    const create = of('m.room.create');
    assert.equal(valueAt(create, 'room_version'), to);
    assert.equal(valueAt(create, 'type'), 'm.space');
    assert.equal(valueAt(create, 'm.federate'), false);
    assert.equal(valueAt(create, 'predecessor', 'room_id'), roomId);
    assert.deepEqual(of('m.room.name'), { name: 'Old name' });
    assert.equal(valueAt(of('m.room.topic'), 'topic'), 'Old topic');
    assert.deepEqual(of('m.room.avatar'), { url: 'mxc://soma.test/a' });
    assert.deepEqual(of('m.room.join_rules'), { join_rule: 'public' });
    assert.deepEqual(of('m.room.guest_access'), { guest_access: 'forbidden' });
    assert.deepEqual(of('m.room.encryption'), { algorithm: 'm.megolm.v1.aes-sha2' });
    assert.deepEqual(of('m.room.server_acl'), { allow: ['*'], deny: ['evil.example'] });
    assert.deepEqual(of('m.space.child', '!child:soma.test'), { via: ['soma.test'] });
    assert.equal(of('m.space.child', '!removed:soma.test'), undefined);
    assert.equal(of('org.example.own'), undefined);
    assert.deepEqual(of('m.room.canonical_alias'), { alias });
    assert.deepEqual(of('m.room.member', mallory.userId), { membership: 'ban', reason: 'spam' });
    const levels = of('m.room.power_levels');
    assert.equal(valueAt(levels, 'users', alice.userId) !== undefined, to !== '12');

    const old = await readState(alice, roomId);
    const tombstone = find(old, 'm.room.tombstone')?.content;
    assert.equal(valueAt(tombstone, 'replacement_room'), newId);
    assert.deepEqual(find(old, 'm.room.canonical_alias')?.content, {});
    const oldLevels = find(old, 'm.room.power_levels')?.content;
    assert.equal(valueAt(oldLevels, 'events_default'), 50);
    assert.equal(valueAt(oldLevels, 'invite'), 50);

    const aliasPath = `${v3}/directory/room/${encodeURIComponent(alias)}`;
    assert.equal(textAt(await ok(alice, 'GET', aliasPath), 'room_id'), newId);
    const listed = async (id: string): Promise<unknown> =>
      valueAt(
        await ok(alice, 'GET', `${v3}/directory/list/room/${encodeURIComponent(id)}`),
        'visibility',
      );
    assert.equal(await listed(roomId), 'private');
    assert.equal(await listed(newId), 'public');
  });
}

test('who may only just upgrade the room keeps that level in the new one', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.user('bob');
  const roomId = await createRoom(alice, {
    room_version: '11',
    preset: 'public_chat',
    power_level_content_override: {
      users: { [alice.userId]: 100, [bob.userId]: 50 },
      events: { 'm.room.tombstone': 50, 'm.room.power_levels': 100, 'm.room.server_acl': 100 },
    },
    initial_state: [{ type: 'm.room.server_acl', content: { allow: ['*'] } }],
  });
  await joinRoom(bob, roomId);
  const newId = await upgrade(bob, roomId, { new_version: '11' });
  const levels = await readContent(bob, newId, 'm.room.power_levels');
  assert.equal(valueAt(levels, 'users', bob.userId), 50);
  assert.equal(valueAt(levels, 'users', alice.userId), 100);
  // Bob may not change the levels of the old room, which stay.
  const old = await readContent(bob, roomId, 'm.room.power_levels');
  assert.equal(valueAt(old, 'events_default'), 0);
});

test('version 12 has the creators that the upgrade names, and its tombstones need more', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.user('bob');
  const roomId = await createRoom(alice, {
    room_version: '11',
    power_level_content_override: { users: { [alice.userId]: 100, [bob.userId]: 60 } },
  });
  const newId = await upgrade(alice, roomId, {
    new_version: '12',
    additional_creators: [bob.userId],
  });
  const create = await readContent(alice, newId, 'm.room.create');
  assert.deepEqual(valueAt(create, 'additional_creators'), [bob.userId]);
  const levels = await readContent(alice, newId, 'm.room.power_levels');
  assert.deepEqual(valueAt(levels, 'users'), {});
  const tombstone = Number(valueAt(levels, 'events', 'm.room.tombstone'));
  assert.ok(tombstone > Number(valueAt(levels, 'state_default')));
  const third = await upgrade(alice, newId, { new_version: '12' });
  const again = await readContent(alice, third, 'm.room.create');
  assert.equal(valueAt(again, 'additional_creators'), undefined);
  const earlier = await upgrade(alice, third, {
    new_version: '10',
    additional_creators: [bob.userId],
  });
  const before12 = await readContent(alice, earlier, 'm.room.create');
  assert.equal(valueAt(before12, 'additional_creators'), undefined);
});

test('who joins the new room finds tags, direct chat and push rules of the old one', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId);
  const own = `${v3}/user/${encodeURIComponent(bob.userId)}`;
  const tagPath = (id: string): string =>
    `${own}/rooms/${encodeURIComponent(id)}/account_data/m.tag`;
  const tags = { tags: { 'm.favourite': { order: 0.5 } } };
  await ok(bob, 'PUT', tagPath(roomId), { body: tags });
  const direct = { [alice.userId]: ['!other:soma.test', roomId] };
  await ok(bob, 'PUT', `${own}/account_data/m.direct`, { body: direct });
  const rulePath = (kind: string, id: string): string =>
    `${v3}/pushrules/global/${kind}/${encodeURIComponent(id)}`;
  const mute = {
    actions: [],
    conditions: [{ kind: 'event_match', key: 'room_id', pattern: roomId }],
  };
  await ok(bob, 'PUT', rulePath('override', roomId), { body: mute });
  await ok(bob, 'PUT', rulePath('room', roomId), { body: { actions: ['notify'] } });
  const newId = await upgrade(alice, roomId, { new_version: '12' });
  assert.equal(await refusal(bob, 'GET', tagPath(newId)), '404 M_NOT_FOUND');
  await joinRoom(bob, newId);
  assert.deepEqual(await ok(bob, 'GET', tagPath(newId)), tags);
  assert.deepEqual(await ok(bob, 'GET', `${own}/account_data/m.direct`), {
    [alice.userId]: ['!other:soma.test', newId],
  });
  const copied = await ok(bob, 'GET', rulePath('override', newId));
  assert.equal(valueAt(copied, 'conditions', 0, 'pattern'), newId);
  const room = await ok(bob, 'GET', rulePath('room', newId));
  assert.deepEqual(listAt(room, 'actions'), ['notify']);
});

test('a room that only claims a predecessor gets nothing of it', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId);
  const tagPath = (id: string): string =>
    `${v3}/user/${encodeURIComponent(bob.userId)}/rooms/${encodeURIComponent(id)}/account_data/m.tag`;
  await ok(bob, 'PUT', tagPath(roomId), { body: { tags: { 'm.favourite': {} } } });
  const claim = await createRoom(alice, {
    preset: 'public_chat',
    creation_content: { predecessor: { room_id: roomId } },
  });
  await joinRoom(bob, claim);
  assert.equal(await refusal(bob, 'GET', tagPath(claim)), '404 M_NOT_FOUND');
});

test('who may not upgrade, to what version is unknown, and what is no room are refused', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.user('bob');
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  const attempt = (user: TestUser, id: string, body: object): Promise<string> =>
    refusal(user, 'POST', roomPath(id, 'upgrade'), { body });
  assert.equal(await attempt(bob, roomId, { new_version: '12' }), '403 M_FORBIDDEN');
  await joinRoom(bob, roomId);
  assert.equal(await attempt(bob, roomId, { new_version: '12' }), '403 M_FORBIDDEN');
  const unheard = await attempt(alice, roomId, { new_version: 'unheard-of' });
  assert.equal(unheard, '400 M_UNSUPPORTED_ROOM_VERSION');
  assert.equal(await attempt(alice, roomId, {}), '400 M_MISSING_PARAM');
  assert.equal(await attempt(alice, '!no:soma.test', { new_version: '12' }), '404 M_NOT_FOUND');
  const creators = { new_version: '12', additional_creators: ['nobody'] };
  assert.equal(await attempt(alice, roomId, creators), '400 M_INVALID_PARAM');
  await inviteUser(alice, roomId, (await given.newUser()).userId);
  await sendText(bob, roomId, 'the room is as it was');
  await sendState(alice, roomId, 'm.room.topic', '', { topic: 'and can be changed' });
});
