import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { registerAdmin, registerUser } from './harness/client.ts';
import { testEngines } from './harness/engines.ts';
import { startHomeserver } from './harness/homeserver-process.ts';
import { download, mediaFiles, thumbnail, upload } from './harness/media-requests.ts';
import { picture } from './harness/pictures.ts';
import { startS3Server } from './harness/s3-server.ts';

const bucket = 'media';
const prefix = 'soma (tests)/';
const credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret+/key', region: 'eu-test-1' };
const timeMaxMs = 20_000;

const s3Provider = (url: string, more: object): object => ({
  module: 's3_storage_provider.S3StorageProviderBackend',
  store_local: true,
  store_remote: true,
  ...more,
  config: {
    bucket,
    prefix,
    endpoint_url: url,
    region_name: credentials.region,
    access_key_id: credentials.accessKeyId,
    secret_access_key: credentials.secretAccessKey,
  },
});

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + timeMaxMs;
  while (!holds()) {
    assert.ok(performance.now() < deadline, what);
    await sleep(5);
  }
}

function makeFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'soma-provider-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

for (const engine of testEngines()) {
  test(`media lies in S3 alone, with its thumbnails, and is deleted there (${engine.name})`, async (context) => {
    const s3 = await startS3Server(bucket, credentials);
    context.after(() => s3.close());
    const config = {
      enable_local_media_storage: false,
      media_storage_providers: [s3Provider(s3.url, { store_synchronous: true })],
    };
    await using server = await startHomeserver({ engine, config });
    const alice = await registerUser(server, 'alice');
    const admin = await registerAdmin(server, 'admin');
    const bytes = randomBytes(300_000);
    const mediaId = await upload(alice, bytes);
    const image = await upload(alice, await picture(400, 300, 'png'));
    const empty = await upload(alice, '');
    assert.ok((await download(alice, mediaId)).bytes.equals(bytes));
    assert.equal((await download(alice, empty)).bytes.length, 0);
    const part = await download(alice, mediaId, { range: 'bytes=1000-1999' });
    assert.ok(part.bytes.equals(bytes.subarray(1000, 2000)));
    assert.equal((await thumbnail(alice, image)).status, 200);
    assert.deepEqual(mediaFiles(server), []);
    const keys = [...s3.objects.keys()];
    assert.equal(keys.length, 4);
    assert.ok(keys.every((key) => key.startsWith(prefix)));
    for (const id of [mediaId, image, empty]) {
      const path = `/_synapse/admin/v1/media/soma.test/${id}`;
      assert.equal((await admin.request('DELETE', path)).status, 200);
      assert.equal((await download(alice, id)).status, 404);
    }
    assert.deepEqual([...s3.objects.keys()], []);
  });

  test(`what a store did not get in time it gets later, also after a crash (${engine.name})`, async (context) => {
    const s3 = await startS3Server(bucket, credentials);
    context.after(() => s3.close());
    const folder = makeFolder(context);
    const config = {
      media_storage_providers: [
        s3Provider(s3.url, { store_synchronous: false }),
        {
          module: 'file_system',
          store_local: true,
          store_synchronous: true,
          config: { directory: folder },
        },
      ],
    };
    await using server = await startHomeserver({ engine, config });
    const alice = await registerUser(server, 'alice');
    const copies = (): string[] =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => name);
    s3.isDown = true;
    const bytes = randomBytes(1000);
    const mediaId = await upload(alice, bytes);
    assert.deepEqual([copies().length, s3.objects.size], [1, 0]);
    await server.kill();
    s3.isDown = false;
    await server.restart();
    await until('the object is there', () => s3.objects.size === 1);
    assert.ok([...s3.objects.values()][0]?.equals(bytes));
    rmSync(join(server.folder, 'media_store', 'content'), { recursive: true });
    assert.ok((await download(alice, mediaId)).bytes.equals(bytes), 'it is read from a copy');
    const admin = await registerAdmin(server, 'admin');
    await admin.request('DELETE', `/_synapse/admin/v1/media/soma.test/${mediaId}`);
    assert.deepEqual([copies().length, s3.objects.size], [0, 0]);
  });

  test(`an upload fails when a store that must have it does not answer (${engine.name})`, async (context) => {
    const s3 = await startS3Server(bucket, { ...credentials, secretAccessKey: 'another' });
    context.after(() => s3.close());
    const config = { media_storage_providers: [s3Provider(s3.url, { store_synchronous: true })] };
    await using server = await startHomeserver({ engine, config });
    const alice = await registerUser(server, 'alice');
    const body = randomBytes(100);
    const answer = await alice.request('POST', '/_matrix/media/v3/upload', { body });
    assert.equal(answer.status, 500);
    await until('the log says why', () => server.logs().includes('SignatureDoesNotMatch'));
    assert.equal(s3.objects.size, 0);
  });
}
