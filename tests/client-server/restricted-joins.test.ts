import assert from 'node:assert/strict';

import { createRoom, inviteUser, joinRoom, sendState, type TestUser } from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';
import { act, ok, readContent, refusedAct, roomPath } from './requests.ts';
import { serverTests } from './server-test.ts';

const test = serverTests();

const AUTHORISER = 'join_authorised_via_users_server';

function restricted(user: TestUser, allow: readonly unknown[], body: object = {}): Promise<string> {
  const content = { join_rule: 'restricted', allow };
  return createRoom(user, {
    initial_state: [{ type: 'm.room.join_rules', content }],
    ...body,
  });
}

function inRoom(roomId: string): object {
  return { type: 'm.room_membership', room_id: roomId };
}

function memberOf(user: TestUser, roomId: string): Promise<unknown> {
  return readContent(user, roomId, 'm.room.member', user.userId);
}

for (const version of ['8', '9', '10', '11', '12']) {
  test(`version ${version}: who is in an allowed room is let in by a member`, async (given) => {
    const alice = await given.user('alice');
    const bob = await given.newUser();
    const club = await createRoom(alice, { preset: 'public_chat' });
    const roomId = await restricted(alice, [inRoom(club)], { room_version: version });
    assert.equal(await refusedAct(bob, roomId, 'join'), '403 M_FORBIDDEN');
    await joinRoom(bob, club);
    await joinRoom(bob, roomId);
    const member = await memberOf(bob, roomId);
    assert.equal(valueAt(member, AUTHORISER), alice.userId);
    // Leaving the club changes nothing for who is in, and everything for who comes back.
    await act(bob, club, 'leave');
    await act(bob, roomId, 'join');
    await act(bob, roomId, 'leave');
    assert.equal(await refusedAct(bob, roomId, 'join'), '403 M_FORBIDDEN');
  });
}

test('one condition of several is enough, and what is none allows nothing', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  const club = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, club);
  const noise = [{ type: 'org.example.other', room_id: club }, 'text', inRoom('!no:soma.test'), {}];
  const closed = await restricted(alice, noise);
  assert.equal(await refusedAct(bob, closed, 'join'), '403 M_FORBIDDEN');
  const roomId = await restricted(alice, [...noise, inRoom(club)]);
  await joinRoom(bob, roomId);
});

test('who is invited needs no condition and nobody’s authority', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  const roomId = await restricted(alice, []);
  await inviteUser(alice, roomId, bob.userId);
  await joinRoom(bob, roomId);
  assert.equal(valueAt(await memberOf(bob, roomId), AUTHORISER), undefined);
});

test('a changed profile in a restricted room says nothing of who let the user in', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  const club = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, club);
  const roomId = await restricted(alice, [inRoom(club)]);
  const path = roomPath(roomId, 'state', 'm.room.member', bob.userId);
  const forged = { membership: 'join', [AUTHORISER]: bob.userId };
  await ok(bob, 'PUT', path, { body: forged });
  assert.equal(valueAt(await memberOf(bob, roomId), AUTHORISER), alice.userId);
  await ok(bob, 'PUT', path, { body: { ...forged, displayname: 'Bob' } });
  const member = await memberOf(bob, roomId);
  assert.equal(valueAt(member, 'displayname'), 'Bob');
  assert.equal(valueAt(member, AUTHORISER), undefined);
});

test('without a member who may invite nobody is let in; any member is, where everyone may', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  const carol = await given.newUser();
  const club = await createRoom(alice, { preset: 'public_chat' });
  for (const user of [bob, carol]) await joinRoom(user, club);
  const roomId = await restricted(alice, [inRoom(club)], { room_version: '11' });
  await joinRoom(bob, roomId);
  await act(alice, roomId, 'leave');
  assert.equal(await refusedAct(carol, roomId, 'join'), '403 M_FORBIDDEN');
  const open = await restricted(alice, [inRoom(club)], {
    room_version: '11',
    power_level_content_override: { invite: 0 },
  });
  await joinRoom(bob, open);
  await act(alice, open, 'leave');
  await joinRoom(carol, open);
  assert.equal(valueAt(await memberOf(carol, open), AUTHORISER), bob.userId);
});

test('who is banned stays out whatever rooms the user is in', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  const club = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, club);
  const roomId = await restricted(alice, [inRoom(club)]);
  await act(alice, roomId, 'ban', { user_id: bob.userId });
  assert.equal(await refusedAct(bob, roomId, 'join'), '403 M_FORBIDDEN');
  await sendState(alice, roomId, 'm.room.topic', '', { topic: 'still mine' });
});
