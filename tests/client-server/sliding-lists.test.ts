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
import { act, ok, v3 } from './requests.ts';
import { find, memberIds, tell } from './seen-event.ts';
import { serverTests } from './server-test.ts';
import { expectRoom, listOf, slide } from './sliding-view.ts';

const test = serverTests();

function setAccountData(user: TestUser, type: string, body: object, roomId?: string) {
  const room = roomId === undefined ? '' : `/rooms/${encodeURIComponent(roomId)}`;
  const path = `${v3}/user/${encodeURIComponent(user.userId)}${room}/account_data/${type}`;
  return ok(user, 'PUT', path, { body });
}

function tag(user: TestUser, roomId: string, name: string): Promise<unknown> {
  const path = `${v3}/user/${encodeURIComponent(user.userId)}/rooms/${encodeURIComponent(roomId)}/tags/${name}`;
  return ok(user, 'PUT', path, { body: {} });
}

/** The rooms that a filter lets through, sorted. */
async function filtered(user: TestUser, filters: object): Promise<unknown> {
  const view = await slide(user, listOf({ filters }));
  const window = view.window('all');
  return Array.isArray(window) ? window.map(String).toSorted() : window;
}

test('lists filter by encryption, type, invitation, directness, tags and space', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.user('bob')];
  const plain = await createRoom(alice);
  const encrypted = await createRoom(alice, { name: 'The Blue One' });
  const algorithm = { algorithm: 'm.megolm.v1.aes-sha2' };
  await sendState(alice, encrypted, 'm.room.encryption', '', algorithm);
  const space = await createRoom(alice, { creation_content: { type: 'm.space' } });
  const invited = await createRoom(bob, { name: 'Bluebell', invite: [alice.userId] });
  await setAccountData(alice, 'm.direct', { [bob.userId]: [encrypted] });
  await tag(alice, plain, 'm.favourite');
  await tag(alice, encrypted, 'm.lowpriority');
  await sendState(alice, space, 'm.space.child', plain, { via: ['example.org'] });
  await sendState(alice, space, 'm.space.child', encrypted, {});
  const foreign = await createRoom(bob, { creation_content: { type: 'm.space' } });
  await sendState(bob, foreign, 'm.space.child', encrypted, { via: ['example.org'] });
  const all = [plain, encrypted, space, invited];
  const expected: readonly (readonly [filters: object, rooms: readonly string[]])[] = [
    [{}, all],
    [{ is_encrypted: true }, [encrypted]],
    [{ is_encrypted: false }, [plain, space, invited]],
    [{ is_invite: true }, [invited]],
    [{ room_name_like: 'blu' }, [encrypted, invited]],
    [{ room_name_like: 'none' }, []],
    [{ is_invite: false }, [plain, encrypted, space]],
    [{ is_dm: true }, [encrypted]],
    [{ is_dm: false }, [plain, space, invited]],
    [{ room_types: ['m.space'] }, [space]],
    [{ room_types: [null] }, [plain, encrypted, invited]],
    [{ room_types: ['m.space', null], not_room_types: [null] }, [space]],
    [{ not_room_types: ['m.space'] }, [plain, encrypted, invited]],
    [{ tags: ['m.favourite', 'm.lowpriority'] }, [plain, encrypted]],
    [{ tags: ['m.favourite', 'm.lowpriority'], not_tags: ['m.lowpriority'] }, [plain]],
    [{ not_tags: ['m.favourite'] }, [encrypted, space, invited]],
    [{ spaces: [space] }, [plain]],
    [{ spaces: [foreign] }, []],
    [{ is_dm: true, is_encrypted: false }, []],
  ];
  for (const [filters, rooms] of expected) {
    assert.deepEqual(await filtered(alice, filters), rooms.toSorted(), JSON.stringify(filters));
  }
  // What lists go by is kept in memory, and follows what happens.
  await sendState(alice, plain, 'm.room.encryption', '', algorithm);
  await setAccountData(alice, 'm.direct', { [bob.userId]: [plain] });
  await tag(alice, space, 'm.favourite');
  await sendState(alice, space, 'm.space.child', plain, {});
  await joinRoom(alice, invited);
  assert.deepEqual(await filtered(alice, { is_encrypted: true }), [plain, encrypted].toSorted());
  assert.deepEqual(await filtered(alice, { is_dm: true }), [plain]);
  assert.deepEqual(await filtered(alice, { tags: ['m.favourite'] }), [plain, space].toSorted());
  assert.deepEqual(await filtered(alice, { spaces: [space] }), []);
  assert.deepEqual(await filtered(alice, { is_invite: true }), []);
  const dm = await slide(alice, listOf());
  assert.deepEqual(
    [plain, encrypted].map((roomId) => expectRoom(dm, roomId).at('is_dm')),
    [true, undefined],
  );
});

test('required state knows oneself, lazily loaded members and wildcards', async (given) => {
  const [alice, bob, carol] = [
    await given.newUser(),
    await given.user('bob'),
    await given.user('carol'),
  ];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  for (const user of [bob, carol]) await joinRoom(user, roomId);
  await sendState(alice, roomId, 'org.example.s', 'a', {});
  await sendState(alice, roomId, 'org.example.s', 'b', {});
  await sendText(bob, roomId, 'hello');
  const ask = async (state: readonly (readonly [string, string])[]) =>
    expectRoom(await slide(alice, listOf({}, state, 1)), roomId).requiredState;
  assert.deepEqual(memberIds(await ask([['m.room.member', '$ME']])), [alice.userId]);
  assert.deepEqual(memberIds(await ask([['m.room.member', '$LAZY']])), [bob.userId]);
  const members = [alice.userId, bob.userId, carol.userId].toSorted();
  assert.deepEqual(memberIds(await ask([['m.room.member', '*']])), members);
  assert.deepEqual(tell(await ask([['org.example.s', '*']])), ['org.example.s', 'org.example.s']);
  assert.equal(find(await ask([['*', 'a']]), 'org.example.s', 'b'), undefined);
  assert.ok(find(await ask([['*', 'a']]), 'org.example.s', 'a'));
  const whole = await ask([['*', '*']]);
  assert.deepEqual(memberIds(whole), members);
  assert.ok(find(whole, 'm.room.create'));
  const lazily = await ask([
    ['*', '*'],
    ['m.room.member', '$LAZY'],
  ]);
  assert.deepEqual(memberIds(lazily), [bob.userId]);
  assert.ok(find(lazily, 'm.room.create'));
});

test('lazily loaded members come once, and again when they change', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.user('bob')];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId);
  await sendText(alice, roomId, 'mine');
  const question = listOf({}, [['m.room.member', '$LAZY']], 1);
  let view = await slide(alice, question);
  assert.deepEqual(memberIds(expectRoom(view, roomId).requiredState), [alice.userId]);
  const next = async (): Promise<string[]> => {
    view = await slide(alice, question, { pos: view.pos });
    return memberIds(expectRoom(view, roomId).requiredState);
  };
  await sendText(bob, roomId, 'his');
  assert.deepEqual(await next(), [bob.userId]);
  await sendText(bob, roomId, 'again');
  assert.deepEqual(await next(), []);
  await act(bob, roomId, 'leave');
  assert.deepEqual(await next(), [bob.userId]);
});

test('state that is asked for later is told then, and what changed meanwhile', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice, { name: 'One', topic: 'A' });
  const names = listOf({}, [['m.room.name', '']], 1);
  const topics = listOf({}, [['m.room.topic', '']], 1);
  const first = await slide(alice, names);
  const second = await slide(alice, topics, { pos: first.pos });
  assert.deepEqual(tell(expectRoom(second, roomId).requiredState), ['m.room.topic']);
  await sendState(alice, roomId, 'm.room.name', '', { name: 'Two' });
  const third = await slide(alice, topics, { pos: second.pos });
  assert.deepEqual(expectRoom(third, roomId).requiredState, []);
  assert.equal(expectRoom(third, roomId).at('name'), 'Two');
  const fourth = await slide(alice, names, { pos: third.pos });
  const name = find(expectRoom(fourth, roomId).requiredState, 'm.room.name');
  assert.deepEqual(name?.content, { name: 'Two' });
});

test('a room without a name has heroes, and what moves a room is not everything', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.user('bob')];
  await ok(bob, 'PUT', `${v3}/profile/${encodeURIComponent(bob.userId)}/displayname`, {
    body: { displayname: 'Bob' },
  });
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId);
  const first = await slide(alice, listOf());
  const room = expectRoom(first, roomId);
  assert.deepEqual(room.at('heroes'), [{ user_id: bob.userId, displayname: 'Bob' }]);
  assert.equal(room.at('name'), undefined);
  await sendEvent(bob, roomId, 'm.reaction', {});
  const reacted = await slide(alice, listOf(), { pos: first.pos });
  assert.equal(expectRoom(reacted, roomId).at('bump_stamp'), undefined);
  await sendEvent(bob, roomId, 'm.sticker', {});
  const bumped = await slide(alice, listOf(), { pos: reacted.pos });
  const stamp = expectRoom(bumped, roomId).at('bump_stamp');
  assert.ok(Number(stamp) > Number(room.at('bump_stamp')));
  await inviteUser(alice, roomId, (await given.user('carol')).userId);
  const counted = expectRoom(await slide(alice, listOf(), { pos: bumped.pos }), roomId);
  assert.deepEqual([counted.at('joined_count'), counted.at('invited_count')], [2, 1]);
});
