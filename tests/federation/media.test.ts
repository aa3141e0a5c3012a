import assert from 'node:assert/strict';

import { registerAdmin, registerUser } from '../harness/client.ts';
import { textAt } from '../harness/json-path.ts';
import { picture } from '../harness/pictures.ts';
import { assertRefused, federationTests } from './federation-test.ts';

const test = federationTests();

const download = (media: string): string => `/_matrix/client/v1/media/download/${media}`;
const thumbnail = (media: string): string => `/_matrix/client/v1/media/thumbnail/${media}`;

test('media of another server is fetched from it, and kept', async ({ one, two }) => {
  const [alice, bob] = [await registerUser(one, 'alice'), await registerUser(two, 'bob')];
  const body = await picture(200, 100, 'png');
  const uploaded = await alice.request('POST', '/_matrix/media/v3/upload', {
    body,
    headers: { 'content-type': 'image/png' },
    query: { filename: 'a cat.png' },
  });
  const media = textAt(uploaded.body, 'content_uri').replace('mxc://', '');
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => bob.request('GET', download(media))),
  );
  for (const answer of answers) {
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.bytes, body);
    assert.equal(answer.headers['content-type'], 'image/png');
    assert.match(String(answer.headers['content-disposition']), /a cat\.png/);
  }
  const small = await bob.request('GET', thumbnail(media), { query: { width: 32, height: 32 } });
  assert.equal(small.status, 200);
  const removed = await (
    await registerAdmin(one, 'remover')
  ).request('DELETE', `/_synapse/admin/v1/media/${media}`);
  assert.equal(removed.status, 200);
  assert.deepEqual((await bob.request('GET', download(media))).bytes, body);
});

test('what the other server does not give is refused', async ({ one, two }) => {
  const admin = await registerAdmin(one, 'admin');
  const carol = await registerUser(two, 'carol');
  const uploaded = await admin.request('POST', '/_matrix/media/v3/upload', {
    body: Buffer.from('secret'),
    headers: { 'content-type': 'text/plain' },
  });
  const media = textAt(uploaded.body, 'content_uri').replace('mxc://', '');
  const quarantine = `/_synapse/admin/v1/media/quarantine/${media}`;
  assert.equal((await admin.request('POST', quarantine, { body: {} })).status, 200);
  for (const absent of [media, `${one.serverName}/unknown`]) {
    assertRefused(await carol.request('GET', download(absent)), 404, 'M_NOT_FOUND');
  }
  const local = await carol.request('GET', download(media), { query: { allow_remote: 'false' } });
  assert.equal(local.status, 404);
});
