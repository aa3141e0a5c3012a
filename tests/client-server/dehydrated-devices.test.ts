import assert from 'node:assert/strict';

import type { TestUser } from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { ok, refusal, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';
import { deviceKeys, newIdentity } from './signing-identity.ts';

const test = serverTests();
const path = '/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device';
const deviceData = { algorithm: 'org.matrix.msc3814.v2', device_pickle: 'secret' };

function dehydrate({ userId }: TestUser, deviceId: string): object {
  return {
    device_id: deviceId,
    device_data: deviceData,
    initial_device_display_name: 'Dehydrated',
    device_keys: { ...deviceKeys({ userId, deviceId }, newIdentity()), dehydrated: true },
    one_time_keys: { 'curve25519:A': 'key' },
    fallback_keys: {},
  };
}

test('a dehydrated device has keys, receives messages, and can be read again and again', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.newUser()];
  assert.equal(await refusal(bob, 'GET', path), '404 M_NOT_FOUND');
  assert.equal(await refusal(bob, 'DELETE', path), '404 M_NOT_FOUND');
  const body = dehydrate(bob, 'DEHYDRATED');
  assert.deepEqual(await ok(bob, 'PUT', path, { body }), { device_id: 'DEHYDRATED' });
  const device = { device_id: 'DEHYDRATED', device_data: deviceData };
  assert.deepEqual(await ok(bob, 'GET', path), device);
  const asked = { device_keys: { [bob.userId]: [] } };
  const shown = await ok(alice, 'POST', `${v3}/keys/query`, { body: asked });
  assert.equal(valueAt(shown, 'device_keys', bob.userId, 'DEHYDRATED', 'dehydrated'), true);
  const claim = { one_time_keys: { [bob.userId]: { DEHYDRATED: 'curve25519' } } };
  const claimed = await ok(alice, 'POST', `${v3}/keys/claim`, { body: claim });
  const key = valueAt(claimed, 'one_time_keys', bob.userId, 'DEHYDRATED');
  assert.deepEqual(key, { 'curve25519:A': 'key' });
  for (let note = 0; note < 130; note += 1) {
    const messages = { [bob.userId]: { DEHYDRATED: { note } } };
    const send = `${v3}/sendToDevice/org.example.note/dehydrated${note}`;
    await ok(alice, 'PUT', send, { body: { messages } });
  }
  for (let time = 0; time < 2; time += 1) {
    const first = await ok(bob, 'POST', `${path}/DEHYDRATED/events`, { body: {} });
    const next_batch = textAt(first, 'next_batch');
    const second = await ok(bob, 'POST', `${path}/DEHYDRATED/events`, { body: { next_batch } });
    const notes = [first, second].flatMap((page) => listAt(page, 'events'));
    assert.deepEqual(
      notes.map((event) => valueAt(event, 'content', 'note')),
      Array.from({ length: 130 }, (_, note) => note),
    );
    const last = { body: { next_batch: textAt(second, 'next_batch') } };
    const third = await ok(bob, 'POST', `${path}/DEHYDRATED/events`, last);
    assert.deepEqual(listAt(third, 'events'), []);
  }
  const page = await ok(bob, 'GET', `${path}/DEHYDRATED/events`);
  const from = textAt(page, 'next_batch');
  const rest = await ok(bob, 'GET', `${path}/DEHYDRATED/events`, { query: { from } });
  assert.deepEqual([listAt(page, 'events').length, listAt(rest, 'events').length], [100, 30]);
  assert.equal(valueAt(rest, 'next_batch'), undefined);
  assert.deepEqual(await ok(bob, 'DELETE', path), { device_id: 'DEHYDRATED' });
  assert.equal(await refusal(bob, 'GET', path), '404 M_NOT_FOUND');
});

test('a new one takes the place of the one before', async (given) => {
  const bob = await given.newUser();
  await ok(bob, 'PUT', path, { body: dehydrate(bob, 'ONE') });
  await ok(bob, 'PUT', path, { body: dehydrate(bob, 'TWO') });
  assert.equal(valueAt(await ok(bob, 'GET', path), 'device_id'), 'TWO');
  const devices = listAt(await ok(bob, 'GET', `${v3}/devices`), 'devices');
  const ids = devices.map((device) => textAt(device, 'device_id'));
  assert.deepEqual(ids.toSorted(), [bob.deviceId, 'TWO'].toSorted());
  assert.equal(await refusal(bob, 'POST', `${path}/ONE/events`, { body: {} }), '403 M_FORBIDDEN');
});

test('one without keys, of a device in use, or with a wrong token is refused', async (given) => {
  const bob = await given.newUser();
  const { device_keys: _keys, ...keyless } = dehydrate(bob, 'ONE') as Record<string, unknown>;
  assert.equal(await refusal(bob, 'PUT', path, { body: keyless }), '400 M_UNKNOWN');
  const own = dehydrate(bob, bob.deviceId);
  assert.equal(await refusal(bob, 'PUT', path, { body: own }), '400 M_UNKNOWN');
  await ok(bob, 'GET', `${v3}/account/whoami`);
  const other = { ...dehydrate(bob, 'ONE'), device_id: 'TWO' };
  assert.equal(await refusal(bob, 'PUT', path, { body: other }), '400 M_BAD_JSON');
  await ok(bob, 'PUT', path, { body: dehydrate(bob, 'ONE') });
  const body = { next_batch: 'nonsense' };
  assert.equal(await refusal(bob, 'POST', `${path}/ONE/events`, { body }), '400 M_INVALID_PARAM');
});
