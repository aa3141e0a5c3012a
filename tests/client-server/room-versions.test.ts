import assert from 'node:assert/strict';

import { createRoom, inviteUser, joinRoom, sendState, sendText } from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';
import { ok, readContent, readEvent, readState, refusal, roomPath, v3 } from './requests.ts';
import { find } from './seen-event.ts';
import { serverTests } from './server-test.ts';

const test = serverTests();

test('the capabilities name version 12 as the default, and what can be created', async (given) => {
  const alice = await given.user('alice');
  const body = await ok(alice, 'GET', `${v3}/capabilities`);
  const versions = valueAt(body, 'capabilities', 'm.room_versions');
  assert.equal(valueAt(versions, 'default'), '12');
  const available = Object.keys(valueAt(versions, 'available') ?? {});
  for (const version of available) {
    const roomId = await createRoom(alice, { room_version: version });
    await sendText(alice, roomId, 'hello');
    const create = await readContent(alice, roomId, 'm.room.create');
    assert.equal(valueAt(create, 'room_version') ?? '1', version);
  }
  const numbers = Array.from({ length: 12 }, (_, index) => String(index + 1));
  assert.deepEqual(
    available.toSorted((a, b) => Number(a) - Number(b)),
    numbers,
  );
});

test('a room of version 12 is named by its create event', async (given) => {
  const alice = await given.user('alice');
  const roomId = await createRoom(alice);
  assert.match(roomId, /^![\w-]{43}$/);
  const create = find(await readState(alice, roomId), 'm.room.create');
  assert.equal(create?.eventId, `$${roomId.slice(1)}`);
  assert.deepEqual(create?.content, { room_version: '12' });
  assert.equal(create?.sender, alice.userId);
  assert.equal((await readEvent(alice, roomId, create.eventId)).type, 'm.room.create');
});

test('a room of version 10 or 11 has an ID of this server', async (given) => {
  const alice = await given.user('alice');
  for (const version of ['10', '11']) {
    const roomId = await createRoom(alice, { room_version: version });
    assert.match(roomId, /^![^:]+:soma\.test$/);
    const create = await readContent(alice, roomId, 'm.room.create');
    const creator = version === '10' ? alice.userId : undefined;
    assert.equal(valueAt(create, 'creator'), creator);
  }
});

for (const version of ['1', '2']) {
  test(`a room of version ${version} is lived in, before and after a restart`, async (given) => {
    const alice = await given.user('alice');
    const bob = await given.user('bob');
    const roomId = await createRoom(alice, { preset: 'public_chat', room_version: version });
    await joinRoom(bob, roomId);
    const eventId = await sendText(bob, roomId, 'hello');
    assert.match(eventId, /^\$[\w-]+:soma\.test$/);
    await given.server.restart();

    await sendState(alice, roomId, 'm.room.topic', '', { topic: 'after the restart' });
    await ok(bob, 'PUT', roomPath(roomId, 'redact', eventId, `own-${version}`), { body: {} });
    assert.deepEqual((await readEvent(alice, roomId, eventId)).content, {});
    const other = await sendText(alice, roomId, 'hello');
    const byBob = roomPath(roomId, 'redact', other, `other-${version}`);
    assert.equal(await refusal(bob, 'PUT', byBob, { body: {} }), '403 M_FORBIDDEN');
    assert.equal(
      await refusal(bob, 'PUT', roomPath(roomId, 'state', 'm.room.topic'), {
        body: { topic: 'mine' },
      }),
      '403 M_FORBIDDEN',
    );
    await ok(alice, 'POST', roomPath(roomId, 'kick'), { body: { user_id: bob.userId } });
  });
}

test('aliases of a room need a membership, also where the auth rules ask for none', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.user('bob');
  for (const version of ['1', '5', '6', '12']) {
    const roomId = await createRoom(alice, { preset: 'public_chat', room_version: version });
    const path = roomPath(roomId, 'state', 'm.room.aliases', 'soma.test');
    const aliases = { body: { aliases: [`#a-${version}:soma.test`] } };
    assert.equal(await refusal(bob, 'PUT', path, aliases), '403 M_FORBIDDEN', version);
    await ok(alice, 'PUT', path, aliases);
  }
});

test('up to version 11 the creator is listed with power, from 12 on creators are not', async (given) => {
  const alice = await given.user('alice');
  const listed = await createRoom(alice, { room_version: '11' });
  const levels = await readContent(alice, listed, 'm.room.power_levels');
  assert.deepEqual(valueAt(levels, 'users'), { [alice.userId]: 100 });
  assert.equal(valueAt(levels, 'events', 'm.room.tombstone'), 100);

  const unlisted = await createRoom(alice, { room_version: '12' });
  const newer = await readContent(alice, unlisted, 'm.room.power_levels');
  assert.equal(valueAt(newer, 'users', alice.userId), undefined);
  assert.ok(
    Number(valueAt(newer, 'events', 'm.room.tombstone')) > Number(valueAt(newer, 'state_default')),
  );
  for (const [name, level] of [
    ['users_default', 0],
    ['events_default', 0],
    ['state_default', 50],
  ]) {
    assert.equal(valueAt(newer, String(name)), level);
  }
});

test('creators of version 12 hold their power whatever the power levels say', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.user('bob');
  const roomId = await createRoom(alice, {
    preset: 'public_chat',
    power_level_content_override: { state_default: 100, events: {} },
  });
  await joinRoom(bob, roomId);
  const levels = roomPath(roomId, 'state', 'm.room.power_levels');
  await ok(alice, 'PUT', levels, { body: { users: { [bob.userId]: 100 }, state_default: 100 } });
  await sendState(bob, roomId, 'm.room.topic', '', { topic: 'mine' });
  assert.equal(
    await refusal(bob, 'POST', roomPath(roomId, 'kick'), { body: { user_id: alice.userId } }),
    '403 M_FORBIDDEN',
  );
  const listing = { body: { users: { [alice.userId]: 100, [bob.userId]: 100 } } };
  assert.equal(await refusal(alice, 'PUT', levels, listing), '400 M_BAD_JSON');
  await ok(alice, 'PUT', levels, { body: { users: {}, state_default: 1_000 } });
  assert.equal(
    await refusal(bob, 'PUT', roomPath(roomId, 'state', 'm.room.topic'), { body: {} }),
    '403 M_FORBIDDEN',
  );
  await sendState(alice, roomId, 'm.room.topic', '', { topic: 'mine again' });
});

test('invitees of a trusted private chat are as mighty as its creator', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.user('bob');
  const body = { preset: 'trusted_private_chat', invite: [bob.userId] };

  const older = await createRoom(alice, { ...body, room_version: '11' });
  const levels = await readContent(alice, older, 'm.room.power_levels');
  assert.deepEqual(valueAt(levels, 'users'), { [alice.userId]: 100, [bob.userId]: 100 });
  await joinRoom(bob, older);
  const users = { [alice.userId]: 100, [bob.userId]: 100 };
  await sendState(bob, older, 'm.room.power_levels', '', { users, ban: 100 });

  const carol = '@carol:elsewhere.example';
  const newer = await createRoom(alice, {
    ...body,
    creation_content: { additional_creators: [carol, bob.userId] },
  });
  const create = await readContent(alice, newer, 'm.room.create');
  const creators = valueAt(create, 'additional_creators');
  assert.ok(Array.isArray(creators));
  assert.deepEqual(creators.map(String).toSorted(), [bob.userId, carol]);
  await joinRoom(bob, newer);
  await sendState(bob, newer, 'm.room.tombstone', '', { body: 'moved', replacement_room: '!a' });
});

test('power_level_content_override replaces keys of the defaults and leaves the others', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.user('bob');
  const roomId = await createRoom(alice, {
    power_level_content_override: { invite: 0, users_default: 5, events: { 'm.room.name': 5 } },
  });
  const levels = await readContent(alice, roomId, 'm.room.power_levels');
  assert.equal(valueAt(levels, 'invite'), 0);
  assert.equal(valueAt(levels, 'users_default'), 5);
  assert.deepEqual(valueAt(levels, 'events'), { 'm.room.name': 5 });
  assert.equal(valueAt(levels, 'kick'), 50);
  await inviteUser(alice, roomId, bob.userId);
  await joinRoom(bob, roomId);
  await sendState(bob, roomId, 'm.room.name', '', { name: 'by a member with 5' });
  await inviteUser(bob, roomId, (await given.user('carol')).userId);
});

test('power levels of version 10 and later are integers', async (given) => {
  const alice = await given.user('alice');
  const roomId = await createRoom(alice, { room_version: '10' });
  const path = roomPath(roomId, 'state', 'm.room.power_levels');
  for (const users of [{ [alice.userId]: '100' }, { [alice.userId]: null }, { 'no user': 1 }]) {
    const found = await refusal(alice, 'PUT', path, { body: { users } });
    assert.equal(found, '400 M_BAD_JSON', JSON.stringify(users));
  }
  await ok(alice, 'PUT', path, { body: { users: { [alice.userId]: 99 } } });
});
