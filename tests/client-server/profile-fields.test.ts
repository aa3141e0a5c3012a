import assert from 'node:assert/strict';

import { api } from '../harness/api.ts';
import { createRoom, type TestUser } from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';
import { ok, outcome, refusal, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';
import { sync } from './sync-view.ts';

const test = serverTests();

function profileOf(user: TestUser, key?: string): string {
  const path = `${v3}/profile/${encodeURIComponent(user.userId)}`;
  return key === undefined ? path : `${path}/${encodeURIComponent(key)}`;
}

function put(user: TestUser, key: string, value: unknown): Promise<string> {
  return refusal(user, 'PUT', profileOf(user, key), { body: { [key]: value } });
}

test('a profile takes fields of any namespaced name and any JSON', async (given) => {
  const alice = await given.newUser();
  const value = { list: [1, 'ü', null, { deep: true }], text: '\u{1f389}' };
  assert.equal(await put(alice, 'org.example.field', value), '200');
  assert.equal(await put(alice, 'm.tz', 'Europe/Vienna'), '200');
  const { body } = await api(given.server.url).request('GET', profileOf(alice));
  assert.deepEqual(body, {
    displayname: alice.userId.slice(1).split(':')[0],
    'm.tz': 'Europe/Vienna',
    'org.example.field': value,
  });
  const one = await ok(alice, 'GET', profileOf(alice, 'org.example.field'));
  assert.deepEqual(one, { 'org.example.field': value });
  await ok(alice, 'DELETE', profileOf(alice, 'org.example.field'));
  await ok(alice, 'DELETE', profileOf(alice, 'org.example.field'));
  const gone = await refusal(alice, 'GET', profileOf(alice, 'org.example.field'));
  assert.equal(gone, '404 M_NOT_FOUND');
  await ok(alice, 'DELETE', profileOf(alice, 'displayname'));
  assert.deepEqual(await ok(alice, 'GET', profileOf(alice)), { 'm.tz': 'Europe/Vienna' });
});

test('a field is refused for its name, its size, its absence, and to others', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.user('bob')];
  assert.equal(await put(alice, 'Bad Name', 1), '400 M_INVALID_PARAM');
  assert.equal(await put(alice, 'unnamespaced', 1), '400 M_INVALID_PARAM');
  assert.equal(await put(alice, `a.${'b'.repeat(254)}`, 1), '400 M_KEY_TOO_LARGE');
  assert.equal(await put(alice, `a.${'b'.repeat(253)}`, 1), '200');
  assert.equal(await put(alice, 'org.example.big', 'x'.repeat(40_000)), '200');
  const tooLarge = await put(alice, 'org.example.more', 'x'.repeat(40_000));
  assert.equal(tooLarge, '400 M_PROFILE_TOO_LARGE');
  assert.equal(await put(alice, 'org.example.big', 'x'.repeat(60_000)), '200');
  assert.equal(await put(alice, 'm.tz', 1), '400 M_BAD_JSON');
  const absent = await refusal(alice, 'PUT', profileOf(alice, 'm.tz'), { body: { other: 1 } });
  assert.equal(absent, '400 M_MISSING_PARAM');
  const body = { body: { 'm.tz': 'Europe/Vienna' } };
  assert.equal(await refusal(bob, 'PUT', profileOf(alice, 'm.tz'), body), '403 M_FORBIDDEN');
  assert.equal(await refusal(bob, 'DELETE', profileOf(alice, 'm.tz')), '403 M_FORBIDDEN');
  const anonymous = await api(given.server.url).request('PUT', profileOf(alice, 'm.tz'), body);
  assert.equal(outcome(anonymous), '401 M_MISSING_TOKEN');
  for (const rest of ['', '/displayname', '/m.tz']) {
    const nobody = `${v3}/profile/nobody${rest}`;
    assert.equal(await refusal(alice, 'GET', nobody), '400 M_INVALID_PARAM');
  }
});

test('rooms are tagged, and the tags come with the next sync', async (given) => {
  const alice = await given.newUser();
  const bob = await given.user('bob');
  const roomId = await createRoom(alice);
  const tags = `${v3}/user/${encodeURIComponent(alice.userId)}/rooms/${encodeURIComponent(roomId)}/tags`;
  assert.deepEqual(await ok(alice, 'GET', tags), { tags: {} });
  const { nextBatch } = await sync(alice);
  await Promise.all(
    ['m.favourite', 'u.work', 'u.%2F'].map((tag) =>
      ok(alice, 'PUT', `${tags}/${encodeURIComponent(tag)}`, { body: { order: 0.5 } }),
    ),
  );
  const wanted = {
    'm.favourite': { order: 0.5 },
    'u.work': { order: 0.5 },
    'u.%2F': { order: 0.5 },
  };
  assert.deepEqual(await ok(alice, 'GET', tags), { tags: wanted });
  const { body } = await alice.request('GET', `${v3}/sync`, { query: { since: nextBatch } });
  const events = valueAt(body, 'rooms', 'join', roomId, 'account_data', 'events');
  assert.deepEqual(events, [{ type: 'm.tag', content: { tags: wanted } }]);
  await ok(alice, 'DELETE', `${tags}/u.work`);
  await ok(alice, 'DELETE', `${tags}/u.work`);
  const left = valueAt(await ok(alice, 'GET', tags), 'tags');
  assert.deepEqual(Object.keys(Object(left)).toSorted(), ['m.favourite', 'u.%2F']);
  const order = await refusal(alice, 'PUT', `${tags}/u.x`, { body: { order: 2 } });
  assert.equal(order, '400 M_BAD_JSON');
  const long = await refusal(alice, 'PUT', `${tags}/${'x'.repeat(256)}`, { body: {} });
  assert.equal(long, '400 M_INVALID_PARAM');
  assert.equal(await refusal(bob, 'GET', tags), '403 M_FORBIDDEN');
  assert.equal(await refusal(bob, 'PUT', `${tags}/u.x`, { body: {} }), '403 M_FORBIDDEN');
});
