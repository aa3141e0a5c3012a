import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { serverTests, type ServerUnderTest } from '../client-server/server-test.ts';
import { api, pathOf, type RequestOptions, type Response } from '../harness/api.ts';
import {
  registerAdmin,
  createRoom,
  sendEvent,
  sendState,
  type TestUser,
} from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import {
  assertRefused,
  download,
  mediaFiles,
  thumbnail,
  upload,
} from '../harness/media-requests.ts';
import { picture } from '../harness/pictures.ts';

const test = serverTests();
const base = '/_synapse/admin/v1';
const admins = new WeakMap<object, Promise<TestUser>>();

function adminOf({ server }: ServerUnderTest): Promise<TestUser> {
  const admin = admins.get(server) ?? registerAdmin(server, 'admin');
  admins.set(server, admin);
  return admin;
}

async function ask(
  given: ServerUnderTest,
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<Response> {
  return (await adminOf(given)).request(method, base + path, options);
}

async function expectBody(
  given: ServerUnderTest,
  method: string,
  path: string,
  body: object,
): Promise<void> {
  const answer = await ask(given, method, path);
  assert.deepEqual([answer.status, answer.body], [200, body], path);
}

function sendFile(user: TestUser, roomId: string, content: object): Promise<string> {
  return sendEvent(user, roomId, 'm.room.message', { msgtype: 'm.file', body: 'file', ...content });
}

test('from upload through quarantine, protection and deletion', async (given) => {
  const alice = await given.newUser();
  const bytes = await picture(320, 240, 'png');
  const mediaId = await upload(alice, bytes, { type: 'image/png' });
  const copyId = await upload(await given.newUser(), bytes);
  const seen = async (): Promise<number[]> =>
    Promise.all([
      download(alice, mediaId).then(({ status }) => status),
      thumbnail(alice, mediaId).then(({ status }) => status),
      download(alice, copyId).then(({ status }) => status),
    ]);
  assert.deepEqual(await seen(), [200, 200, 200]);

  await expectBody(given, 'POST', `/media/quarantine/soma.test/${mediaId}`, {});
  assert.deepEqual(await seen(), [404, 404, 404], 'the bytes are quarantined, under any name');
  const bypass = pathOf`/_matrix/client/v1/media/download/soma.test/${mediaId}`;
  const query = { admin_unsafely_bypass_quarantine: true };
  assert.equal((await alice.request('GET', bypass, { query })).status, 404);
  assert.equal((await (await adminOf(given)).request('GET', bypass, { query })).status, 200);
  const again = await upload(alice, bytes);
  assert.equal((await download(alice, again)).status, 404, 'also for a later upload');

  await expectBody(given, 'POST', `/media/unquarantine/soma.test/${mediaId}`, {});
  assert.deepEqual(await seen(), [200, 200, 200]);

  await expectBody(given, 'POST', `/media/protect/${mediaId}`, {});
  await expectBody(given, 'POST', `/media/quarantine/soma.test/${mediaId}`, {});
  assert.deepEqual(await seen(), [200, 200, 200], 'what is protected stays');

  const roomId = await createRoom(alice);
  await sendFile(alice, roomId, { url: `mxc://soma.test/${mediaId}` });
  const inRoom = pathOf`/room/${roomId}/media/quarantine`;
  await expectBody(given, 'POST', inRoom, { num_quarantined: 0 });
  await expectBody(given, 'POST', `/media/unprotect/${mediaId}`, {});
  await expectBody(given, 'POST', inRoom, { num_quarantined: 3 });
  await expectBody(given, 'POST', pathOf`/quarantine_media/${roomId}`, { num_quarantined: 0 });
  assert.deepEqual(await seen(), [404, 404, 404]);

  const files = mediaFiles(given.server).length;
  const path = `/media/soma.test/${mediaId}`;
  await expectBody(given, 'DELETE', path, { deleted_media: [mediaId], total: 1 });
  assertRefused(await ask(given, 'DELETE', path), 404, 'M_NOT_FOUND');
  assertRefused(await ask(given, 'GET', path), 404, 'M_NOT_FOUND');
  assert.equal(mediaFiles(given.server).length, files, 'others need the file still');
  await expectBody(given, 'POST', `/media/unquarantine/soma.test/${copyId}`, {});
  assert.deepEqual(await seen(), [404, 404, 200]);
  for (const id of [copyId, again]) {
    await expectBody(given, 'DELETE', `/media/soma.test/${id}`, { deleted_media: [id], total: 1 });
  }
  assert.ok(mediaFiles(given.server).length < files, 'now nobody does');
  assert.deepEqual(await seen(), [404, 404, 404]);
});

test('a room’s media, as far as its events are not encrypted', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  await sendFile(alice, roomId, {
    url: 'mxc://soma.test/a',
    info: { thumbnail_url: 'mxc://other.example/b', thumbnail_file: { url: 'mxc://soma.test/c' } },
  });
  await sendFile(alice, roomId, { file: { url: 'mxc://soma.test/d' }, url: 'mxc://soma.test/a' });
  await sendFile(alice, roomId, { url: 'https://soma.test/e', body: 'mxc://soma.test/f' });
  await sendState(alice, roomId, 'm.room.avatar', '', { url: 'mxc://other.example/g' });
  await sendEvent(alice, roomId, 'm.room.encrypted', { ciphertext: 'mxc://soma.test/h' });
  const { body } = await ask(given, 'GET', pathOf`/room/${roomId}/media`);
  assert.deepEqual(body, {
    local: ['mxc://soma.test/a', 'mxc://soma.test/c', 'mxc://soma.test/d'],
    remote: ['mxc://other.example/b', 'mxc://other.example/g'],
  });
  const unknown = await ask(given, 'GET', pathOf`/room/${'!unknown:soma.test'}/media`);
  assert.deepEqual(unknown.body, { local: [], remote: [] });
});

test('all media of a user can be quarantined, and is counted', async (given) => {
  const alice = await given.newUser();
  const ids = [await upload(alice, randomBytes(10)), await upload(alice, randomBytes(10))];
  await ask(given, 'POST', `/media/protect/${ids[0]}`);
  const path = pathOf`/user/${alice.userId}/media/quarantine`;
  await expectBody(given, 'POST', path, { num_quarantined: 1 });
  await expectBody(given, 'POST', path, { num_quarantined: 0 });
  assertRefused(await ask(given, 'POST', '/user/alice/media/quarantine'), 400, 'M_INVALID_PARAM');
});

test('what went into quarantine and came out of it can be followed', async (given) => {
  const alice = await given.newUser();
  const mediaId = await upload(alice, randomBytes(20));
  const list = async (from: number): Promise<Response> =>
    ask(given, 'GET', '/media/quarantine_changes', { query: { from } });
  const end = async (): Promise<number> => {
    let from = 0;
    for (;;) {
      const { body } = await list(from);
      if (listAt(body, 'changes').length === 0) return from;
      from = Number(valueAt(body, 'next_batch'));
    }
  };
  const before = await end();
  const path = `soma.test/${mediaId}`;
  await ask(given, 'POST', `/media/quarantine/${path}`);
  await ask(given, 'POST', `/media/quarantine/${path}`);
  await ask(given, 'POST', `/media/unquarantine/${path}`);
  const { body } = await list(before);
  const change = { origin: 'soma.test', media_id: mediaId };
  assert.deepEqual(valueAt(body, 'changes'), [
    { ...change, quarantined: true },
    { ...change, quarantined: false },
  ]);
  assertRefused(await list(-1), 400, 'M_INVALID_PARAM');
  assertRefused(await list(10 ** 12), 400, 'M_INVALID_PARAM');
});

test('media by its ID', async (given) => {
  const alice = await given.newUser();
  const bytes = randomBytes(77);
  const mediaId = await upload(alice, bytes, { type: 'text/plain', name: 'Ünïcode.txt' });
  const { body } = await ask(given, 'GET', `/media/soma.test/${mediaId}`);
  const info = valueAt(body, 'media_info');
  const created = valueAt(info, 'created_ts');
  assert.deepEqual(info, {
    media_origin: null,
    media_id: mediaId,
    media_type: 'text/plain',
    media_length: 77,
    upload_name: 'Ünïcode.txt',
    created_ts: created,
    url_cache: null,
    last_access_ts: valueAt(info, 'last_access_ts'),
    quarantined_by: null,
    safe_from_quarantine: false,
    user_id: alice.userId,
    authenticated: true,
    sha256: textAt(info, 'sha256'),
    filesystem_id: null,
  });
});

test('a user’s media in any order and in pages, and its deletion', async (given) => {
  const alice = await given.newUser();
  const ids: string[] = [];
  for (const size of [30, 10, 20]) ids.push(await upload(alice, randomBytes(size)));
  const [large = '', small = '', middle = ''] = ids;
  const path = pathOf`/users/${alice.userId}/media`;
  const list = async (query: RequestOptions['query'] = {}): Promise<unknown[]> => {
    const { status, body } = await ask(given, 'GET', path, { query });
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(valueAt(body, 'total'), 3);
    return listAt(body, 'media').map((each) => valueAt(each, 'media_id'));
  };
  assert.deepEqual(await list({ order_by: 'media_length' }), [small, middle, large]);
  assert.deepEqual(await list({ order_by: 'media_length', dir: 'b', limit: 1 }), [large]);
  assert.deepEqual((await list({ order_by: 'media_id' })).length, 3);
  for (const order of ['upload_name', 'created_ts', 'last_access_ts', 'media_type']) {
    assert.equal((await list({ order_by: order })).length, 3);
  }
  for (const order of ['quarantined_by', 'safe_from_quarantine']) await list({ order_by: order });
  const page = await ask(given, 'GET', path, { query: { from: 1, limit: 1 } });
  assert.equal(valueAt(page.body, 'next_token'), 2);
  for (const query of [
    { from: -1 },
    { limit: -1 },
    { order_by: 'size' },
    { dir: 'up' },
    { from: 'x' },
  ]) {
    const filtered = Object.fromEntries(Object.entries(query));
    assertRefused(await ask(given, 'GET', path, { query: filtered }), 400, 'M_INVALID_PARAM');
    assertRefused(await ask(given, 'DELETE', path, { query: filtered }), 400, 'M_INVALID_PARAM');
  }
  const some = await ask(given, 'DELETE', path, { query: { limit: 1, order_by: 'media_length' } });
  assert.deepEqual(some.body, { deleted_media: [small], total: 1 });
  const rest = await ask(given, 'DELETE', path);
  assert.equal(valueAt(rest.body, 'total'), 2);
  assert.equal((await download(alice, large)).status, 404);
  for (const [user, status, errcode] of [
    ['@alice:other.example', 400, 'M_UNKNOWN'],
    ['alice', 400, 'M_INVALID_PARAM'],
    ['@nobody:soma.test', 404, 'M_NOT_FOUND'],
  ] as const) {
    assertRefused(await ask(given, 'GET', pathOf`/users/${user}/media`), status, errcode);
  }
});

test('what was not read for long is deleted, but not profile pictures', async (given) => {
  const alice = await given.newUser();
  const avatar = await upload(alice, randomBytes(50));
  const roomAvatar = await upload(alice, randomBytes(50));
  const roomId = await createRoom(alice);
  await sendState(alice, roomId, 'm.room.avatar', '', { url: `mxc://soma.test/${roomAvatar}` });
  const profile = pathOf`/_matrix/client/v3/profile/${alice.userId}/avatar_url`;
  const body = { avatar_url: `mxc://soma.test/${avatar}` };
  assert.equal((await alice.request('PUT', profile, { body })).status, 200);
  const kept = await upload(alice, randomBytes(50));
  await ask(given, 'POST', `/media/protect/${kept}`);
  const small = await upload(alice, randomBytes(10));
  const large = await upload(alice, randomBytes(1000));
  await sleep(5);
  const query = { before_ts: Date.now(), size_gt: 500 };
  const big = await ask(given, 'POST', '/media/delete', { query });
  assert.ok(listAt(big.body, 'deleted_media').includes(large));
  assert.equal((await download(alice, small)).status, 200);
  await sleep(5);
  const now = { before_ts: Date.now() + 60_000 };
  const all = await ask(given, 'POST', '/media/soma.test/delete', { query: now });
  const deleted = listAt(all.body, 'deleted_media');
  assert.equal(valueAt(all.body, 'total'), deleted.length);
  assert.ok(deleted.includes(small));
  assert.ok(![avatar, roomAvatar, kept].some((id) => deleted.includes(id)));
  const profiles = { ...now, keep_profiles: false };
  const rest = await ask(given, 'POST', '/media/delete', { query: profiles });
  assert.ok(listAt(rest.body, 'deleted_media').includes(avatar));
  assert.equal((await download(alice, kept)).status, 200);
});

test('wrong times and other servers are refused', async (given) => {
  for (const path of ['/media/delete', '/media/soma.test/delete', '/purge_media_cache']) {
    assertRefused(await ask(given, 'POST', path), 400, 'M_MISSING_PARAM');
    for (const before of [-1, 1_700_000_000, 'x', '1.5']) {
      const query = { before_ts: before };
      assertRefused(await ask(given, 'POST', path, { query }), 400, 'M_INVALID_PARAM');
    }
  }
  const query = { before_ts: Date.now(), size_gt: -1 };
  assertRefused(await ask(given, 'POST', '/media/delete', { query }), 400, 'M_INVALID_PARAM');
  const wrong = { before_ts: Date.now(), keep_profiles: 'yes' };
  const refused = await ask(given, 'POST', '/media/delete', { query: wrong });
  assertRefused(refused, 400, 'M_INVALID_PARAM');
  const other = await ask(given, 'POST', '/media/other.example/delete', {
    query: { before_ts: Date.now() },
  });
  assertRefused(other, 400, 'M_UNKNOWN');
  assertRefused(await ask(given, 'DELETE', '/media/other.example/abc'), 400, 'M_UNKNOWN');
  const purge = await ask(given, 'POST', '/purge_media_cache', {
    query: { before_ts: Date.now() },
  });
  assert.deepEqual(purge.body, { deleted: 0 });
});

test('how much each user has uploaded', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const before = Date.now();
  await upload(alice, randomBytes(100));
  const gone = await upload(alice, randomBytes(5));
  await upload(alice, randomBytes(200));
  await upload(bob, randomBytes(1000));
  await ask(given, 'DELETE', `/media/soma.test/${gone}`);
  const name = pathOf`/_matrix/client/v3/profile/${bob.userId}/displayname`;
  await bob.request('PUT', name, { body: { displayname: 'Robert 100%' } });
  const path = '/statistics/users/media';
  const list = async (query: NonNullable<RequestOptions['query']>): Promise<Response> => {
    const answer = await ask(given, 'GET', path, { query });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer;
  };
  const ofAlice = { user_id: alice.userId, displayname: alice.userId.slice(1, -10) };
  const found = (await list({ search_term: alice.userId })).body;
  assert.deepEqual(found, {
    users: [{ ...ofAlice, media_count: 2, media_length: 300 }],
    total: 1,
  });
  for (const term of ['ROBERT', '100%']) {
    const { body } = await list({ search_term: term });
    assert.deepEqual(
      listAt(body, 'users').map((each) => valueAt(each, 'user_id')),
      [bob.userId],
    );
  }
  assert.equal(valueAt((await list({ search_term: '1_0' })).body, 'total'), 0);
  const span = { from_ts: before, until_ts: Date.now() + 1000 };
  const byLength = await list({ ...span, order_by: 'media_length', dir: 'b' });
  const lengths = listAt(byLength.body, 'users').map((each) => valueAt(each, 'media_length'));
  assert.deepEqual(lengths, [1000, 300]);
  const byCount = await list({ ...span, order_by: 'media_count', dir: 'b', limit: 1 });
  assert.equal(valueAt(byCount.body, 'users', 0, 'user_id'), alice.userId);
  assert.deepEqual([valueAt(byCount.body, 'next_token'), valueAt(byCount.body, 'total')], [1, 2]);
  const beyond = await list({ ...span, from: 10 });
  assert.deepEqual(beyond.body, { users: [], total: 2 });
  assert.deepEqual((await list({ from_ts: 1, until_ts: 2 })).body, { users: [], total: 0 });
  for (const wrong of [
    { from: -1 },
    { limit: -5 },
    { order_by: 'size' },
    { dir: 'x' },
    { from_ts: -1 },
    { until_ts: -1 },
    { from_ts: 5, until_ts: 5 },
    { search_term: '' },
  ]) {
    const query = Object.fromEntries(Object.entries(wrong));
    assertRefused(await ask(given, 'GET', path, { query }), 400, 'M_INVALID_PARAM');
  }
});

test('the largest rooms', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  for (let count = 0; count < 3; count += 1) {
    await sendFile(alice, roomId, { text: 'x'.repeat(30_000) });
  }
  const { status, body } = await ask(given, 'GET', '/statistics/database/rooms');
  assert.equal(status, 200);
  assert.equal(textAt(body, 'rooms', 0, 'room_id'), roomId);
  assert.ok(Number(valueAt(body, 'rooms', 0, 'estimated_size')) > 90_000);
});

test('only administrators', async (given) => {
  const alice = await given.user('alice');
  for (const [method, path] of [
    ['GET', '/statistics/users/media'],
    ['GET', '/media/soma.test/abc'],
    ['POST', '/media/delete'],
    ['DELETE', '/media/soma.test/abc'],
    ['GET', '/room/abc/media'],
  ] as const) {
    assertRefused(await alice.request(method, base + path), 403, 'M_FORBIDDEN');
    const without = await api(given.server.url).request(method, base + path);
    assertRefused(without, 401, 'M_MISSING_TOKEN');
  }
});

test('the version names the runtime, and the commit where there is one', async ({ server }) => {
  const { body } = await api(server.url).request('GET', `${base}/server_version`);
  assert.match(
    textAt(body, 'server_version'),
    /^\d+\.\d+\.\d+(?: \((?:b=[^,]+,)?[0-9a-f]{10}\))?$/,
  );
  assert.match(textAt(body, 'python_version'), /^Node\.js \d+\.\d+\.\d+$/);
});
