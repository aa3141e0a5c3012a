import assert from 'node:assert/strict';

import { createRoom, inviteUser, type TestUser } from '../harness/client.ts';
import { textAt, valueAt } from '../harness/json-path.ts';
import { ok, readContent, refusal, roomPath, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';

async function upload(user: TestUser, text: string, type: string): Promise<string> {
  const headers = { 'content-type': type };
  const body = await ok(user, 'POST', '/_matrix/media/v3/upload', { body: text, headers });
  return textAt(body, 'content_uri');
}

function avatarPath({ userId }: TestUser): string {
  return `${v3}/profile/${encodeURIComponent(userId)}/avatar_url`;
}

const open = serverTests();

open('a member event shows the profile, or what its sender says in its place', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  const own = roomPath(roomId, 'state', 'm.room.member', bob.userId);
  const memberOf = () => readContent(alice, roomId, 'm.room.member', bob.userId);
  await ok(alice, 'PUT', own, { body: { membership: 'invite' } });
  const displayname = bob.userId.slice(1).split(':')[0];
  assert.deepEqual(await memberOf(), { membership: 'invite', displayname });
  await ok(bob, 'PUT', own, { body: { membership: 'join' } });
  assert.deepEqual(await memberOf(), { membership: 'join', displayname });
  await ok(bob, 'PUT', own, { body: { membership: 'join', displayname: 'Bobby' } });
  assert.deepEqual(await memberOf(), { membership: 'join', displayname: 'Bobby' });
});

open('what a client says beside its join stands in the member event', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  const body = { 'org.example.key': [1], membership: 'ban', reason: 'curious' };
  await ok(bob, 'POST', `${v3}/join/${encodeURIComponent(roomId)}`, { body });
  const { displayname: _, ...content } = Object(
    await readContent(alice, roomId, 'm.room.member', bob.userId),
  );
  assert.deepEqual(content, { 'org.example.key': [1], membership: 'join', reason: 'curious' });
});

const strict = serverTests({
  allow_per_room_profiles: false,
  include_profile_data_on_invite: false,
  max_avatar_size: 10,
  allowed_avatar_mimetypes: ['image/png'],
});

strict('an operator may have one profile in all rooms, and none in invitations', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await createRoom(alice);
  await inviteUser(alice, roomId, bob.userId);
  const memberOf = () => readContent(alice, roomId, 'm.room.member', bob.userId);
  assert.deepEqual(await memberOf(), { membership: 'invite' });
  const own = roomPath(roomId, 'state', 'm.room.member', bob.userId);
  await ok(bob, 'PUT', own, { body: { membership: 'join', displayname: 'Bobby', 'org.x': 1 } });
  const displayname = bob.userId.slice(1).split(':')[0];
  assert.deepEqual(await memberOf(), { membership: 'join', displayname, 'org.x': 1 });
});

strict('an operator may bound the size and the type of pictures', async (given) => {
  const alice = await given.newUser();
  const set = async (avatar_url: string): Promise<string> =>
    refusal(alice, 'PUT', avatarPath(alice), { body: { avatar_url } });
  const good = await upload(alice, 'small', 'image/png');
  assert.equal(await set(good), '200');
  assert.equal(await set(await upload(alice, 'much too large', 'image/png')), '403 M_FORBIDDEN');
  assert.equal(await set(await upload(alice, 'small', 'image/gif')), '403 M_FORBIDDEN');
  assert.equal(await set('mxc://elsewhere.test/unknown'), '403 M_FORBIDDEN');
  assert.equal(valueAt(await ok(alice, 'GET', avatarPath(alice)), 'avatar_url'), good);
  assert.equal(await set(''), '200');
});
