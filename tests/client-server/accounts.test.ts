import assert from 'node:assert/strict';

import { createRoom, joinRoom, logIn, type TestUser } from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { act, ok, readContent, refusal, v3 } from './requests.ts';
import { find } from './seen-event.ts';
import { serverTests } from './server-test.ts';
import { expectJoined, sync } from './sync-view.ts';

const test = serverTests();

function setProfile(user: TestUser, key: string, value: string): Promise<unknown> {
  const path = `${v3}/profile/${encodeURIComponent(user.userId)}/${key}`;
  return ok(user, 'PUT', path, { body: { [key]: value } });
}

function localpartOf({ userId }: TestUser): string {
  return userId.slice(1).split(':')[0] ?? '';
}

test('a new profile reaches the rooms that its user is in, and only those', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.user('bob')];
  const [joined, left] = [
    await createRoom(bob, { preset: 'public_chat' }),
    await createRoom(bob, { preset: 'public_chat' }),
  ];
  const invited = await createRoom(bob, { invite: [alice.userId] });
  await joinRoom(alice, joined);
  await joinRoom(alice, left);
  await act(alice, left, 'leave');
  const { nextBatch } = await sync(bob);
  await setProfile(alice, 'displayname', 'Älice');
  await setProfile(alice, 'avatar_url', 'mxc://soma.test/alice');

  const view = await sync(bob, { since: nextBatch });
  assert.deepEqual(view.rooms('join'), [joined]);
  const { timeline } = expectJoined(view, joined);
  assert.equal(timeline.length, 2);
  const content = { membership: 'join', displayname: 'Älice', avatar_url: 'mxc://soma.test/alice' };
  assert.deepEqual(await readContent(bob, joined, 'm.room.member', alice.userId), content);
  assert.deepEqual(timeline.at(-1)?.content, content);
  for (const [roomId, membership] of [
    [left, 'leave'],
    [invited, 'invite'],
  ] as const) {
    const other = await readContent(bob, roomId, 'm.room.member', alice.userId);
    assert.equal(valueAt(other, 'membership'), membership);
    assert.notEqual(valueAt(other, 'displayname'), 'Älice');
  }
  const later = await createRoom(alice);
  assert.deepEqual(await readContent(alice, later, 'm.room.member', alice.userId), content);
});

test('a profile that is set to what it is sends nothing', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  await setProfile(alice, 'displayname', 'Same');
  const { nextBatch } = await sync(alice);
  await setProfile(alice, 'displayname', 'Same');
  assert.equal((await sync(alice, { since: nextBatch })).joined(roomId), undefined);
});

test('nobody sets the profile or the account data of another', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.user('bob')];
  const of = encodeURIComponent(bob.userId);
  const body = { body: { displayname: 'Mallory' } };
  for (const path of [`profile/${of}/displayname`, `user/${of}/account_data/org.example.a`]) {
    assert.equal(await refusal(alice, 'PUT', `${v3}/${path}`, body), '403 M_FORBIDDEN', path);
  }
  const path = `${v3}/user/${of}/account_data/org.example.a`;
  assert.equal(await refusal(alice, 'GET', path), '403 M_FORBIDDEN');
});

test('account data is kept as it was sent, for all devices, and after a restart', async (given) => {
  const alice = await given.newUser();
  const phone = await logIn(given.server, localpartOf(alice));
  const path = `${v3}/user/${encodeURIComponent(alice.userId)}/account_data/org.example.a`;
  assert.equal(await refusal(alice, 'GET', path), '404 M_NOT_FOUND');
  const text = '{"10":1,"2":{"__proto__":[1.5,null]},"é":"🎉","":""}';
  await ok(alice, 'PUT', path, { body: text });
  await given.server.restart();
  const sent: unknown = JSON.parse(text);
  assert.deepEqual(await ok(phone, 'GET', path), sent);
  const { accountData } = await sync(phone);
  assert.deepEqual(accountData.find(({ type }) => type === 'org.example.a')?.content, sent);
});

test('logging out ends the token and the device, and no other', async (given) => {
  const alice = await given.newUser();
  const phone = await logIn(given.server, localpartOf(alice));
  await ok(phone, 'POST', `${v3}/logout`, { body: {} });
  assert.equal(await refusal(phone, 'GET', `${v3}/account/whoami`), '401 M_UNKNOWN_TOKEN');
  assert.equal(await refusal(phone, 'GET', `${v3}/sync`), '401 M_UNKNOWN_TOKEN');
  const who = await ok(alice, 'GET', `${v3}/account/whoami`);
  assert.equal(valueAt(who, 'user_id'), alice.userId);
  assert.equal(valueAt(who, 'device_id'), alice.deviceId);
  const devices = listAt(await ok(alice, 'GET', `${v3}/devices`), 'devices');
  assert.deepEqual(
    devices.map((device) => textAt(device, 'device_id')),
    [alice.deviceId],
  );
  const other = await logIn(given.server, localpartOf(alice));
  await ok(alice, 'POST', `${v3}/logout/all`, { body: {} });
  for (const user of [alice, other]) {
    assert.equal(await refusal(user, 'GET', `${v3}/account/whoami`), '401 M_UNKNOWN_TOKEN');
  }
});

test('devices have names that their user may change', async (given) => {
  const alice = await given.newUser();
  const path = `${v3}/devices/${encodeURIComponent(alice.deviceId)}`;
  await ok(alice, 'PUT', path, { body: { display_name: 'Desk 🖥' } });
  const device = await ok(alice, 'GET', path);
  assert.equal(valueAt(device, 'display_name'), 'Desk 🖥');
  const unknown = `${v3}/devices/UNHEARDOF`;
  assert.equal(await refusal(alice, 'GET', unknown), '404 M_NOT_FOUND');
  const body = { body: { display_name: 'x' } };
  assert.equal(await refusal(alice, 'PUT', unknown, body), '404 M_NOT_FOUND');
});

test('the members that an invitation shows carry the profile of the inviter', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  await setProfile(alice, 'displayname', 'Alice the Host');
  const roomId = await createRoom(alice, { invite: [bob.userId] });
  const events = (await sync(bob)).invited(roomId) ?? [];
  const inviter = find(events, 'm.room.member', alice.userId);
  assert.equal(valueAt(inviter?.content, 'displayname'), 'Alice the Host');
});

test('clients learn that there is no OAuth 2.0 here', async (given) => {
  const alice = await given.newUser();
  const path = '/_matrix/client/v1/auth_metadata';
  assert.equal(await refusal(alice, 'GET', path), '404 M_UNRECOGNIZED');
});
