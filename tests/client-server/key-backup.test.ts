import assert from 'node:assert/strict';

import type { TestUser } from '../harness/client.ts';
import { textAt, valueAt } from '../harness/json-path.ts';
import { ok, refusal, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';

const test = serverTests();
const versions = `${v3}/room_keys/version`;
const keys = `${v3}/room_keys/keys`;
const description = { algorithm: 'm.megolm_backup.v1.curve25519-aes-sha2', auth_data: { a: 1 } };

async function begin(user: TestUser): Promise<string> {
  return textAt(await ok(user, 'POST', versions, { body: description }), 'version');
}

function key(text: string, more: object = {}): object {
  const session_data = { ciphertext: text };
  return { first_message_index: 5, forwarded_count: 5, is_verified: false, session_data, ...more };
}

function put(user: TestUser, version: string, path: string, body: object): Promise<unknown> {
  return ok(user, 'PUT', `${keys}${path}`, { query: { version }, body });
}

function get(user: TestUser, version: string, path = ''): Promise<unknown> {
  return ok(user, 'GET', `${keys}${path}`, { query: { version } });
}

test('a version is described, changed and deleted, and its number is not given again', async (given) => {
  const alice = await given.newUser();
  assert.equal(await refusal(alice, 'GET', versions), '404 M_NOT_FOUND');
  const version = await begin(alice);
  const described = await ok(alice, 'GET', versions);
  assert.deepEqual(described, { ...description, version, count: 0, etag: '0' });
  const auth_data = { b: 2 };
  const body = { ...description, auth_data };
  await ok(alice, 'PUT', `${versions}/${version}`, { body: { ...body, version } });
  const changed = await ok(alice, 'GET', `${versions}/${version}`);
  assert.deepEqual(valueAt(changed, 'auth_data'), auth_data);
  for (const wrong of [
    { ...body, version: '999' },
    { ...body, algorithm: 'other' },
  ]) {
    const refused = await refusal(alice, 'PUT', `${versions}/${version}`, { body: wrong });
    assert.equal(refused, '400 M_INVALID_PARAM');
  }
  await put(alice, version, '', { rooms: { '!a:b': { sessions: { s: key('x') } } } });
  await ok(alice, 'DELETE', `${versions}/${version}`);
  for (const [method, path] of [
    ['GET', versions],
    ['GET', `${versions}/${version}`],
    ['DELETE', `${versions}/${version}`],
    ['GET', `${keys}?version=${version}`],
    ['DELETE', `${keys}?version=${version}`],
    ['GET', `${versions}/none`],
  ] as const) {
    assert.equal(await refusal(alice, method, path), '404 M_NOT_FOUND', `${method} ${path}`);
  }
  assert.notEqual(await begin(alice), version);
});

test('keys are stored and shown by session, room and altogether', async (given) => {
  const alice = await given.newUser();
  const version = await begin(alice);
  await put(alice, version, '/!a:b/one', key('one'));
  await put(alice, version, '/!a:b', { sessions: { two: key('two') } });
  const rooms = { '!c:d': { sessions: { three: key('three') } } };
  const state = await put(alice, version, '', { rooms });
  assert.equal(valueAt(state, 'count'), 3);
  assert.deepEqual(await get(alice, version, '/!a:b/one'), key('one'));
  const ofRoom = { sessions: { one: key('one'), two: key('two') } };
  assert.deepEqual(await get(alice, version, '/!a:b'), ofRoom);
  assert.deepEqual(await get(alice, version), { rooms: { '!a:b': ofRoom, ...rooms } });
  assert.deepEqual(await get(alice, version, '/!none:b'), { sessions: {} });
  const query = { version };
  assert.equal(await refusal(alice, 'GET', `${keys}/!a:b/x`, { query }), '404 M_NOT_FOUND');
  await ok(alice, 'DELETE', `${keys}/!a:b/one`, { query });
  assert.deepEqual(await get(alice, version, '/!a:b'), { sessions: { two: key('two') } });
  await ok(alice, 'DELETE', `${keys}/!a:b`, { query });
  assert.deepEqual(await get(alice, version), { rooms });
  const emptied = await ok(alice, 'DELETE', keys, { query });
  assert.equal(valueAt(emptied, 'count'), 0);
  assert.deepEqual(await get(alice, version), { rooms: {} });
});

test('of two keys of a session the better one is kept', async (given) => {
  const alice = await given.newUser();
  const version = await begin(alice);
  const steps: [name: string, more: object, isKept: boolean][] = [
    ['first', {}, true],
    ['same', {}, false],
    ['more forwarded', { forwarded_count: 6 }, false],
    ['less forwarded', { forwarded_count: 4 }, true],
    ['later', { first_message_index: 6, forwarded_count: 0 }, false],
    ['earlier', { first_message_index: 4, forwarded_count: 9 }, true],
    ['verified', { is_verified: true, first_message_index: 9, forwarded_count: 9 }, true],
    ['no longer verified', { first_message_index: 0, forwarded_count: 0 }, false],
  ];
  let before: unknown;
  for (const [name, more, isKept] of steps) {
    const state = await put(alice, version, '/!a:b/s', key(name, more));
    const shown = await get(alice, version, '/!a:b/s');
    const kept = textAt(shown, 'session_data', 'ciphertext') === name;
    assert.equal(kept, isKept, name);
    assert.equal(valueAt(state, 'etag') !== before, isKept, `the etag after: ${name}`);
    before = valueAt(state, 'etag');
  }
  const other = await put(alice, version, '/!a:b/t', key('other'));
  assert.notEqual(valueAt(other, 'etag'), before);
});

test('only the newest version is written to, and a user sees no other’s', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const [old, newest] = [await begin(alice), await begin(alice)];
  const request = { query: { version: old }, body: key('x') };
  const { status, body } = await alice.request('PUT', `${keys}/!a:b/s`, request);
  assert.equal(status, 403);
  assert.equal(valueAt(body, 'errcode'), 'M_WRONG_ROOM_KEYS_VERSION');
  assert.equal(valueAt(body, 'current_version'), newest);
  assert.deepEqual(await get(alice, old), { rooms: {} });
  assert.equal(await refusal(bob, 'PUT', `${keys}/!a:b/s`, request), '404 M_NOT_FOUND');
  const query = { version: '12345' };
  const unknown = await refusal(alice, 'PUT', `${keys}/!a:b/s`, { ...request, query });
  assert.equal(unknown, '404 M_NOT_FOUND');
});

test('what is malformed is refused', async (given) => {
  const alice = await given.newUser();
  const version = await begin(alice);
  const bad: [string, object][] = [
    ['400 M_INVALID_PARAM', key('x', { is_verified: 'yes' })],
    ['400 M_BAD_JSON', key('x', { first_message_index: -1 })],
    ['400 M_BAD_JSON', key('x', { forwarded_count: 0.5 })],
    ['400 M_BAD_JSON', key('x', { session_data: 'text' })],
    ['413 M_TOO_LARGE', key('x'.repeat(70_000))],
  ];
  for (const [expected, body] of bad) {
    const refused = await refusal(alice, 'PUT', `${keys}/!a:b/s`, { query: { version }, body });
    assert.equal(refused, expected, JSON.stringify(body).slice(0, 200));
  }
  const request = { query: { version }, body: key('x') };
  const long = await refusal(alice, 'PUT', `${keys}/!a:b/${'s'.repeat(300)}`, request);
  assert.equal(long, '400 M_INVALID_PARAM');
  assert.equal(await refusal(alice, 'GET', keys), '400 M_MISSING_PARAM');
  assert.equal(await refusal(alice, 'POST', versions, { body: {} }), '400 M_MISSING_PARAM');
});
