import assert from 'node:assert/strict';

import type { JsonObject } from '@soma/protocol';

import { logIn, registerGuest, type TestUser } from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';
import { confirmed } from './interactive.ts';
import { ok, outcome, refusal, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';
import { crossSigningKey, deviceKeys, newIdentity, signedBy } from './signing-identity.ts';
import { sync } from './sync-view.ts';

const test = serverTests({ allow_guest_access: true });

function upload(user: TestUser, body: object): Promise<unknown> {
  return ok(user, 'POST', `${v3}/keys/upload`, { body });
}

function query(viewer: TestUser, users: Readonly<Record<string, string[]>>): Promise<unknown> {
  return ok(viewer, 'POST', `${v3}/keys/query`, { body: { device_keys: users } });
}

async function claim(viewer: TestUser, of: TestUser, algorithm: string): Promise<unknown> {
  const body = { one_time_keys: { [of.userId]: { [of.deviceId]: algorithm } } };
  const answer = await ok(viewer, 'POST', `${v3}/keys/claim`, { body });
  return valueAt(answer, 'one_time_keys', of.userId, of.deviceId);
}

function signedKey(user: TestUser, key: string): JsonObject {
  return signedBy({ key }, user.userId, user.deviceId, newIdentity());
}

test('device keys are shown as they were uploaded, with the name of the device', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.newUser()];
  const keys = deviceKeys(bob, newIdentity());
  await upload(bob, { device_keys: keys });
  await ok(bob, 'PUT', `${v3}/devices/${bob.deviceId}`, { body: { display_name: 'Phone' } });
  const shown = await query(alice, { [bob.userId]: [] });
  assert.deepEqual(valueAt(shown, 'device_keys', bob.userId), {
    [bob.deviceId]: { ...keys, unsigned: { device_display_name: 'Phone' } },
  });
  assert.deepEqual(valueAt(shown, 'failures'), {});
  const other = await query(alice, { [bob.userId]: ['OTHER'] });
  assert.deepEqual(valueAt(other, 'device_keys', bob.userId), {});
});

test('a user who is not there has no devices, and one elsewhere cannot be reached', async (given) => {
  const alice = await given.user('alice');
  const users = { '@nobody:soma.test': [], '@carol:127.0.0.1:1': [], 'no user': [] };
  const shown = await query(alice, users);
  assert.deepEqual(valueAt(shown, 'device_keys'), { '@nobody:soma.test': {} });
  const failures = valueAt(shown, 'failures');
  assert.deepEqual(Object.keys(Object(failures)), ['127.0.0.1:1']);
});

test('one-time keys are handed out in the order of their upload, each once', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.newUser()];
  const keys = ['z', 'a', 'm'].map((name): [string, JsonObject] => [
    `signed_curve25519:${name}`,
    signedKey(bob, name),
  ]);
  const counted = await upload(bob, { one_time_keys: Object.fromEntries(keys) });
  assert.deepEqual(counted, { one_time_key_counts: { signed_curve25519: 3 } });
  await upload(bob, { one_time_keys: { 'curve25519:plain': 'unsigned' } });
  for (const [name, key] of keys) {
    assert.deepEqual(await claim(alice, bob, 'signed_curve25519'), { [name]: key });
  }
  assert.equal(await claim(alice, bob, 'signed_curve25519'), undefined);
  assert.deepEqual(await claim(alice, bob, 'curve25519'), { 'curve25519:plain': 'unsigned' });
  const { json } = await sync(bob);
  assert.deepEqual(valueAt(json, 'device_one_time_keys_count'), { signed_curve25519: 0 });
});

test('the same key again is accepted, another of the same ID is refused', async (given) => {
  const bob = await given.newUser();
  const key = signedKey(bob, 'one');
  await upload(bob, { one_time_keys: { 'signed_curve25519:A': key } });
  const signedAnew = signedKey(bob, 'one');
  assert.notDeepEqual(signedAnew, key);
  const again = await upload(bob, { one_time_keys: { 'signed_curve25519:A': signedAnew } });
  assert.deepEqual(again, { one_time_key_counts: { signed_curve25519: 1 } });
  const body = { one_time_keys: { 'signed_curve25519:A': signedKey(bob, 'other') } };
  assert.equal(await refusal(bob, 'POST', `${v3}/keys/upload`, { body }), '400 M_UNKNOWN');
});

test('the fallback is given once there are no one-time keys, stays, and is told as used', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.newUser()];
  const unused = async (): Promise<unknown> =>
    valueAt((await sync(bob)).json, 'device_unused_fallback_key_types');
  assert.deepEqual(await unused(), []);
  const key = { ...signedKey(bob, 'fallback'), fallback: true };
  const fallback = { fallback_keys: { 'signed_curve25519:F': key } };
  await upload(bob, { ...fallback, one_time_keys: { 'signed_curve25519:A': signedKey(bob, 'a') } });
  assert.deepEqual(await unused(), ['signed_curve25519']);
  await claim(alice, bob, 'signed_curve25519');
  assert.deepEqual(await unused(), ['signed_curve25519']);
  for (let time = 0; time < 2; time += 1) {
    assert.deepEqual(await claim(alice, bob, 'signed_curve25519'), { 'signed_curve25519:F': key });
    assert.deepEqual(await unused(), []);
  }
  await upload(bob, fallback);
  assert.deepEqual(await unused(), [], 'the same one again is as used as before');
  await upload(bob, { fallback_keys: { 'signed_curve25519:G': signedKey(bob, 'new') } });
  assert.deepEqual(await unused(), ['signed_curve25519']);
});

test('counts and fallback types are in every answer, whatever is filtered', async (given) => {
  const bob = await given.newUser();
  const filter = { room: { rooms: [] }, presence: { types: [] }, account_data: { types: [] } };
  const first = await sync(bob, { filter });
  for (const { json } of [first, await sync(bob, { filter, since: first.nextBatch })]) {
    assert.deepEqual(valueAt(json, 'device_one_time_keys_count'), { signed_curve25519: 0 });
    assert.deepEqual(valueAt(json, 'device_unused_fallback_key_types'), []);
  }
});

test('what is malformed, or of another device, is refused', async (given) => {
  const bob = await given.newUser();
  const keys = deviceKeys(bob, newIdentity());
  const bodies = [
    { device_keys: { ...keys, user_id: '@alice:soma.test' } },
    { device_keys: { ...keys, device_id: 'OTHER' } },
    { device_keys: { ...keys, algorithms: 'all' } },
    { device_keys: { ...keys, keys: { a: 1 } } },
    { device_keys: { ...keys, signatures: undefined } },
    { device_keys: null },
    { one_time_keys: { nameless: 'key' } },
    { one_time_keys: { 'a:b:c': 'key' } },
    { one_time_keys: { 'curve25519:A': 5 } },
    { one_time_keys: { 'signed_curve25519:A': { key: 'k' } } },
    { fallback_keys: ['key'] },
  ];
  for (const body of bodies) {
    const refused = await refusal(bob, 'POST', `${v3}/keys/upload`, { body });
    assert.equal(refused, '400 M_BAD_JSON', JSON.stringify(body));
  }
  const large = { one_time_keys: { 'curve25519:A': 'x'.repeat(70_000) } };
  const tooLarge = await refusal(bob, 'POST', `${v3}/keys/upload`, { body: large });
  assert.equal(tooLarge, '413 M_TOO_LARGE');
  for (const path of ['keys/query', 'keys/claim']) {
    assert.equal(await refusal(bob, 'POST', `${v3}/${path}`, { body: {} }), '400 M_MISSING_PARAM');
  }
});

test('clients from before r0.6 name their own device in the path', async (given) => {
  const bob = await given.newUser();
  const body = { one_time_keys: { 'curve25519:A': 'key' } };
  const path = '/_matrix/client/unstable/keys/upload';
  const own = await ok(bob, 'POST', `${path}/${bob.deviceId}`, { body });
  assert.deepEqual(own, { one_time_key_counts: { curve25519: 1, signed_curve25519: 0 } });
  assert.equal(await refusal(bob, 'POST', `${path}/OTHER`, { body }), '400 M_UNKNOWN');
});

test('guests have keys too', async (given) => {
  const guest = await registerGuest(given.server);
  await upload(guest, { device_keys: deviceKeys(guest, newIdentity()) });
  const shown = await query(guest, { [guest.userId]: [] });
  assert.notEqual(valueAt(shown, 'device_keys', guest.userId, guest.deviceId), undefined);
});

test('an account that ends takes its keys and signatures with it', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.newUser()];
  await upload(bob, { device_keys: deviceKeys(bob, newIdentity()) });
  const master_key = crossSigningKey(bob.userId, 'master', newIdentity());
  await ok(bob, 'POST', `${v3}/keys/device_signing/upload`, { body: { master_key } });
  const ended = await confirmed(bob, 'POST', `${v3}/account/deactivate`);
  assert.equal(ended.status, 200);
  const shown = await query(alice, { [bob.userId]: [] });
  assert.deepEqual(valueAt(shown, 'device_keys', bob.userId), {});
  assert.deepEqual(valueAt(shown, 'master_keys'), {});
});

test('a device takes its keys with it', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.newUser()];
  const phone = await logIn(given.server, bob.userId);
  await upload(phone, {
    device_keys: deviceKeys(phone, newIdentity()),
    one_time_keys: { 'curve25519:A': 'key' },
    fallback_keys: { 'curve25519:B': 'key' },
  });
  await ok(phone, 'POST', `${v3}/logout`);
  assert.deepEqual(
    valueAt(await query(alice, { [bob.userId]: [] }), 'device_keys', bob.userId),
    {},
  );
  assert.equal(await claim(alice, phone, 'curve25519'), undefined);
  const body = { one_time_keys: { 'curve25519:A': 'key' } };
  const late = await phone.request('POST', `${v3}/keys/upload`, { body });
  assert.equal(outcome(late), '401 M_UNKNOWN_TOKEN');
});
