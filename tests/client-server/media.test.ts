import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';

import { api, pathOf } from '../harness/api.ts';
import { valueAt } from '../harness/json-path.ts';
import { assertRefused, download, mediaFiles, upload } from '../harness/media-requests.ts';
import { picture } from '../harness/pictures.ts';
import { serverTests } from './server-test.ts';

const bytesMax = 200_000;
const test = serverTests({ max_upload_size: bytesMax });

test('what was uploaded comes back as it is, with its type, name and safeguards', async ({
  user,
}) => {
  const alice = await user('alice');
  const bytes = randomBytes(150_000);
  const mediaId = await upload(alice, bytes, { type: 'image/png', name: 'cat.png' });
  const { status, headers, bytes: found } = await download(await user('bob'), mediaId);
  assert.equal(status, 200);
  assert.ok(found.equals(bytes));
  assert.equal(headers['content-type'], 'image/png');
  assert.equal(headers['content-length'], String(bytes.length));
  assert.equal(headers['content-disposition'], 'inline; filename="cat.png"');
  assert.match(String(headers['content-security-policy']), /^sandbox; default-src 'none';/);
  assert.equal(headers['cross-origin-resource-policy'], 'cross-origin');
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.match(String(headers['cache-control']), /immutable/);
  assert.equal(headers['access-control-allow-origin'], '*');
  const digest = createHash('sha256').update(bytes).digest('hex');
  assert.equal(headers['etag'], `"${digest}"`);
});

test('names in any language, and names from the path, are told', async ({ user }) => {
  const alice = await user('alice');
  const mediaId = await upload(alice, 'text', { type: 'text/html', name: "Žluťoučký 'kůň'.html" });
  const { headers } = await download(alice, mediaId);
  const name = '%C5%BDlu%C5%A5ou%C4%8Dk%C3%BD%20%27k%C5%AF%C5%88%27.html';
  assert.equal(headers['content-disposition'], `attachment; filename*=utf-8''${name}`);
  assert.equal(headers['content-type'], 'text/html; charset=UTF-8');
  const path = pathOf`/_matrix/client/v1/media/download/soma.test/${mediaId}/${'a "b".txt'}`;
  const named = await alice.request('GET', path);
  assert.equal(named.headers['content-disposition'], 'attachment; filename="a \\"b\\".txt"');
});

test('a name with line breaks cannot write headers, a wrong type is none', async ({ user }) => {
  const alice = await user('alice');
  const name = 'a\r\nSet-Cookie: b.txt';
  const mediaId = await upload(alice, 'text', { type: 'nonsense', name });
  const { headers } = await download(alice, mediaId);
  assert.equal(headers['content-type'], 'application/octet-stream');
  assert.equal(headers['content-disposition'], 'attachment; filename="aSet-Cookie: b.txt"');
  assert.equal(headers['set-cookie'], undefined);
});

test('ranges and what the client has already', async ({ user }) => {
  const alice = await user('alice');
  const mediaId = await upload(alice, '0123456789');
  const range = async (text: string) => {
    const { status, body, headers } = await download(alice, mediaId, { range: text });
    return [status, status === 416 ? '' : body, headers['content-range']];
  };
  assert.deepEqual(await range('bytes=2-4'), [206, '234', 'bytes 2-4/10']);
  assert.deepEqual(await range('bytes=7-'), [206, '789', 'bytes 7-9/10']);
  assert.deepEqual(await range('bytes=-2'), [206, '89', 'bytes 8-9/10']);
  assert.deepEqual(await range('bytes=0-99'), [206, '0123456789', 'bytes 0-9/10']);
  assert.deepEqual(await range('bytes=10-'), [416, '', 'bytes */10']);
  assert.deepEqual(await range('bytes=5-2'), [200, '0123456789', undefined]);
  assert.deepEqual(await range('lines=1-2'), [200, '0123456789', undefined]);
  const { headers } = await download(alice, mediaId);
  const etag = String(headers['etag']);
  const known = await download(alice, mediaId, { 'if-none-match': etag });
  assert.deepEqual([known.status, known.bytes.length], [304, 0]);
  assert.equal(known.headers['content-length'], undefined);
  const other = await download(alice, mediaId, { 'if-range': '"other"', range: 'bytes=2-4' });
  assert.equal(other.status, 200);
});

test('an empty file is a file', async ({ user }) => {
  const alice = await user('alice');
  const { status, bytes } = await download(alice, await upload(alice, ''));
  assert.deepEqual([status, bytes.length], [200, 0]);
});

test('equal files are stored once', async ({ server, user }) => {
  const bytes = randomBytes(500);
  const before = mediaFiles(server).length;
  const first = await upload(await user('alice'), bytes);
  const second = await upload(await user('bob'), bytes);
  assert.notEqual(first, second);
  assert.equal(mediaFiles(server).length, before + 1);
});

test('413 for what is too large, declared or not, and nothing stays', async ({ server, user }) => {
  const alice = await user('alice');
  const before = mediaFiles(server);
  const path = '/_matrix/media/v3/upload';
  const body = Buffer.alloc(bytesMax + 1);
  assertRefused(await alice.request('POST', path, { body }), 413, 'M_TOO_LARGE');
  const status = await new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${alice.accessToken}` };
    const { port } = server;
    const outgoing = httpRequest({ port, method: 'POST', path, headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    outgoing.once('error', reject);
    // Without a length the body goes in chunks.
    for (let count = 0; count < 5; count += 1) outgoing.write(Buffer.alloc(50_000));
    outgoing.end();
  });
  assert.equal(status, 413);
  assert.deepEqual(mediaFiles(server), before);
});

test('404 for what is not there or is no media ID', async ({ user }) => {
  const alice = await user('alice');
  for (const path of [
    'soma.test/unknown',
    'soma.test/..%2F..%2Fhomeserver.yaml',
    'soma.test/%2e%2e',
    'not%20a%20name/abc',
  ]) {
    const answer = await alice.request('GET', `/_matrix/client/v1/media/download/${path}`);
    assertRefused(answer, 404, 'M_NOT_FOUND');
  }
});

test('502 for media of a server that cannot be reached', async ({ user }) => {
  const alice = await user('alice');
  const answer = await alice.request('GET', '/_matrix/client/v1/media/download/other.example/abc');
  assertRefused(answer, 502, 'M_UNKNOWN');
});

test('new media is not to be had without a token', async ({ server, user }) => {
  const mediaId = await upload(await user('alice'), 'text');
  for (const release of ['v3', 'r0', 'v1']) {
    const path = pathOf`/_matrix/media/${release}/download/soma.test/${mediaId}`;
    assertRefused(await api(server.url).request('GET', path), 404, 'M_NOT_FOUND');
  }
  const path = pathOf`/_matrix/client/v1/media/download/soma.test/${mediaId}`;
  assertRefused(await api(server.url).request('GET', path), 401, 'M_MISSING_TOKEN');
});

test('the limits are told under both prefixes', async ({ server, user }) => {
  const alice = await user('alice');
  for (const path of ['/_matrix/client/v1/media/config', '/_matrix/media/v3/config']) {
    const { status, body } = await alice.request('GET', path);
    assert.deepEqual([status, body], [200, { 'm.upload.size': bytesMax }]);
    assertRefused(await api(server.url).request('GET', path), 401, 'M_MISSING_TOKEN');
  }
});

test('a media ID is reserved, waited for, and filled once', async ({ user }) => {
  const alice = await user('alice');
  const made = await alice.request('POST', '/_matrix/media/v1/create');
  assert.equal(made.status, 200);
  const expires = Number(valueAt(made.body, 'unused_expires_at'));
  assert.ok(expires > Date.now() + 23 * 3_600_000);
  const mediaId = String(valueAt(made.body, 'content_uri')).slice('mxc://soma.test/'.length);
  const path = pathOf`/_matrix/client/v1/media/download/soma.test/${mediaId}`;
  const early = await alice.request('GET', path, { query: { timeout_ms: 0 } });
  assertRefused(early, 504, 'M_NOT_YET_UPLOADED');
  const waiting = alice.request('GET', path);
  const fill = pathOf`/_matrix/media/v3/upload/soma.test/${mediaId}`;
  const body = Buffer.from('late');
  const headers = { 'content-type': 'text/plain' };
  const by = (name: string) =>
    user(name).then((who) => who.request('PUT', fill, { body, headers }));
  assertRefused(await by('bob'), 403, 'M_FORBIDDEN');
  assert.deepEqual((await by('alice')).body, {});
  assert.equal((await waiting).body, 'late');
  assertRefused(await by('alice'), 409, 'M_CANNOT_OVERWRITE_MEDIA');
  const unknown = pathOf`/_matrix/media/v3/upload/soma.test/unknown`;
  assertRefused(await alice.request('PUT', unknown, { body }), 404, 'M_NOT_FOUND');
});

test('a user can only have so many media IDs reserved', async ({ newUser }) => {
  const user = await newUser();
  const create = () => user.request('POST', '/_matrix/media/v1/create', { body: {} });
  for (let count = 0; count < 5; count += 1) assert.equal((await create()).status, 200);
  assertRefused(await create(), 429, 'M_LIMIT_EXCEEDED');
});

const limited = serverTests({
  enable_authenticated_media: false,
  unused_expiration_time: '1ms',
  media_upload_limits: [{ time_period: '1h', max_size: 1000 }],
});

limited('a user can only upload so much in a time', async ({ user }) => {
  const alice = await user('alice');
  await upload(alice, Buffer.alloc(600));
  const path = '/_matrix/media/v3/upload';
  const again = await alice.request('POST', path, { body: Buffer.alloc(401) });
  assertRefused(again, 403, 'M_FORBIDDEN');
  await upload(alice, Buffer.alloc(400));
  await upload(await user('bob'), Buffer.alloc(600));
});

limited('without the freeze no token is needed', async ({ server, user }) => {
  const mediaId = await upload(await user('carol'), 'text', { type: 'text/plain' });
  for (const release of ['v3', 'r0', 'v1']) {
    const path = pathOf`/_matrix/media/${release}/download/soma.test/${mediaId}/name.txt`;
    const { status, body, headers } = await api(server.url).request('GET', path);
    assert.deepEqual([status, body], [200, 'text']);
    assert.equal(headers['content-disposition'], 'inline; filename="name.txt"');
  }
});

limited('without the freeze no token is needed for thumbnails either', async ({ server, user }) => {
  const mediaId = await upload(await user('dave'), await picture(64, 64, 'png'), {
    type: 'image/png',
  });
  for (const release of ['v3', 'r0', 'v1']) {
    const path = pathOf`/_matrix/media/${release}/thumbnail/soma.test/${mediaId}`;
    const query = { width: 32, height: 32 };
    const { status, headers } = await api(server.url).request('GET', path, { query });
    assert.deepEqual([status, headers['content-type']], [200, 'image/png']);
  }
});

limited('a reserved media ID expires', async ({ user }) => {
  const alice = await user('alice');
  const { body } = await alice.request('POST', '/_matrix/media/v1/create', { body: {} });
  const mediaId = String(valueAt(body, 'content_uri')).slice('mxc://soma.test/'.length);
  await new Promise((resolve) => setTimeout(resolve, 10));
  const fill = pathOf`/_matrix/media/v3/upload/soma.test/${mediaId}`;
  const late = await alice.request('PUT', fill, { body: Buffer.from('late') });
  assertRefused(late, 404, 'M_NOT_FOUND');
  assertRefused(await download(alice, mediaId), 404, 'M_NOT_FOUND');
});
