import assert from 'node:assert/strict';

import { createRoom, joinRoom, logIn, sendText, type TestUser } from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';
import { act, ok, refusal, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';
import { crossSigningKey, deviceKeys, newIdentity, signedBy } from './signing-identity.ts';
import { pollDuring, sync, type SyncView } from './sync-view.ts';

const test = serverTests();

function publishDevice(user: TestUser): Promise<unknown> {
  const body = { device_keys: deviceKeys(user, newIdentity()) };
  return ok(user, 'POST', `${v3}/keys/upload`, { body });
}

function listsOf({ json }: SyncView): unknown {
  return valueAt(json, 'device_lists');
}

const none = { changed: [], left: [] };
const changed = (...users: TestUser[]): object => ({
  changed: users.map(({ userId }) => userId),
  left: [],
});
const left = (...users: TestUser[]): object => ({
  changed: [],
  left: users.map(({ userId }) => userId),
});

test('new keys are told to those who share a room, to the user, and to nobody else', async (given) => {
  const [alice, bob, carol] = [await given.newUser(), await given.newUser(), await given.newUser()];
  await joinRoom(bob, await createRoom(alice, { preset: 'public_chat' }));
  const initial = await sync(alice);
  assert.equal(listsOf(initial), undefined, 'an initial sync tells of none');
  const starts = [initial, await sync(bob), await sync(carol)];
  await publishDevice(bob);
  const lists = [];
  for (const [index, user] of [alice, bob, carol].entries()) {
    const since = starts[index]?.nextBatch ?? '';
    const view = await sync(user, { since });
    lists.push(listsOf(view));
    assert.deepEqual(listsOf(await sync(user, { since: view.nextBatch })), none);
  }
  assert.deepEqual(lists, [changed(bob), changed(bob), none]);
  const body = { one_time_keys: { 'curve25519:A': 'key' } };
  const before = await sync(alice);
  await ok(bob, 'POST', `${v3}/keys/upload`, { body });
  assert.deepEqual(listsOf(await sync(alice, { since: before.nextBatch })), none);
});

test('new keys wake those who share a room', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  await joinRoom(bob, await createRoom(alice, { preset: 'public_chat' }));
  const { nextBatch } = await sync(alice);
  const view = await pollDuring(alice, { since: nextBatch }, () => publishDevice(bob));
  assert.deepEqual(listsOf(view), changed(bob));
});

test('a device that goes or is renamed, and cross-signing, are changes', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  await joinRoom(bob, await createRoom(alice, { preset: 'public_chat' }));
  const phone = await logIn(given.server, bob.userId);
  const keys = deviceKeys(bob, newIdentity());
  await ok(bob, 'POST', `${v3}/keys/upload`, { body: { device_keys: keys } });
  await publishDevice(phone);
  const [master, selfSigning] = [newIdentity(), newIdentity()];
  const signed = signedBy(keys, bob.userId, selfSigning.publicKey, selfSigning);
  const steps: [string, string, object][] = [
    ['PUT', `devices/${phone.deviceId}`, { display_name: 'Phone' }],
    [
      'POST',
      'keys/device_signing/upload',
      {
        master_key: crossSigningKey(bob.userId, 'master', master),
        self_signing_key: crossSigningKey(bob.userId, 'self_signing', selfSigning, master),
      },
    ],
    ['POST', 'keys/signatures/upload', { [bob.userId]: { [bob.deviceId]: signed } }],
  ];
  let { nextBatch } = await sync(alice);
  const expectChange = async (what: string): Promise<void> => {
    const view = await sync(alice, { since: nextBatch });
    assert.deepEqual(listsOf(view), changed(bob), what);
    ({ nextBatch } = view);
  };
  for (const [method, path, body] of steps) {
    await ok(bob, method, `${v3}/${path}`, { body });
    await expectChange(path);
  }
  await ok(phone, 'POST', `${v3}/logout`);
  await expectChange('logout');
  await ok(bob, 'POST', `${v3}/logout/all`);
  await expectChange('logout/all');
});

test('who is trusted is a change to who trusts alone', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  await joinRoom(bob, await createRoom(alice, { preset: 'public_chat' }));
  const [master, userSigning, bobsMaster] = [newIdentity(), newIdentity(), newIdentity()];
  const bobsKey = crossSigningKey(bob.userId, 'master', bobsMaster);
  const path = `${v3}/keys/device_signing/upload`;
  await ok(bob, 'POST', path, { body: { master_key: bobsKey } });
  const body = {
    master_key: crossSigningKey(alice.userId, 'master', master),
    user_signing_key: crossSigningKey(alice.userId, 'user_signing', userSigning, master),
  };
  await ok(alice, 'POST', path, { body });
  const [atAlice, atBob] = [await sync(alice), await sync(bob)];
  const signed = signedBy(bobsKey, alice.userId, userSigning.publicKey, userSigning);
  const signatures = { [bob.userId]: { [bobsMaster.publicKey]: signed } };
  await ok(alice, 'POST', `${v3}/keys/signatures/upload`, { body: signatures });
  assert.deepEqual(listsOf(await sync(alice, { since: atAlice.nextBatch })), changed(bob));
  assert.deepEqual(listsOf(await sync(bob, { since: atBob.nextBatch })), none);
});

test('who comes is changed for both, who goes is left where no other room is shared', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const [one, two] = [
    await createRoom(alice, { preset: 'public_chat' }),
    await createRoom(alice, { preset: 'public_chat' }),
  ];
  let [atAlice, atBob] = [await sync(alice), await sync(bob)];
  const next = async (): Promise<unknown[]> => {
    atAlice = await sync(alice, { since: atAlice.nextBatch });
    atBob = await sync(bob, { since: atBob.nextBatch });
    return [listsOf(atAlice), listsOf(atBob)];
  };
  await joinRoom(bob, one);
  assert.deepEqual(await next(), [changed(bob), changed(alice)]);
  await joinRoom(bob, two);
  await next();
  await act(bob, one, 'leave');
  assert.deepEqual(await next(), [none, none]);
  await ok(bob, 'PUT', `${v3}/profile/${bob.userId}/displayname`, { body: { displayname: 'B' } });
  await sendText(bob, two, 'hello');
  assert.deepEqual(await next(), [none, none], 'a profile is no move');
  await act(alice, two, 'kick', { user_id: bob.userId });
  assert.deepEqual(await next(), [left(bob), left(alice)]);
});

test('what happened between two syncs can be asked for', async (given) => {
  const [alice, bob, carol] = [await given.newUser(), await given.newUser(), await given.newUser()];
  const room = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, room);
  await joinRoom(carol, room);
  const from = (await sync(alice)).nextBatch;
  await publishDevice(bob);
  await act(carol, room, 'leave');
  const to = (await sync(alice)).nextBatch;
  const path = `${v3}/keys/changes`;
  const between = await ok(alice, 'GET', path, { query: { from, to } });
  assert.deepEqual(between, { changed: [bob.userId], left: [carol.userId] });
  assert.deepEqual(await ok(alice, 'GET', path, { query: { from: to, to } }), none);
  assert.equal(await refusal(alice, 'GET', path, { query: { to } }), '400 M_MISSING_PARAM');
  const query = { from: 'nonsense', to };
  assert.equal(await refusal(alice, 'GET', path, { query }), '400 M_INVALID_PARAM');
});
