import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { registerAdmin, registerUser, type TestUser } from './harness/client.ts';
import { testEngines } from './harness/engines.ts';
import { startHomeserver, type TestHomeserver } from './harness/homeserver-process.ts';
import { valueAt } from './harness/json-path.ts';
import { download, mediaFiles, thumbnail, upload } from './harness/media-requests.ts';
import { picture } from './harness/pictures.ts';

const count = 150;
const timeMaxMs = 20_000;

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + timeMaxMs;
  while (!holds()) {
    assert.ok(performance.now() < deadline, what);
    await sleep(2);
  }
}

/** Sends half an upload, and never the rest. */
function beginUpload(server: TestHomeserver, { accessToken }: TestUser): Promise<void> {
  const headers = { authorization: `Bearer ${accessToken}`, 'content-length': '1000000' };
  const path = '/_matrix/media/v3/upload';
  const outgoing = httpRequest({ port: server.port, method: 'POST', path, headers });
  outgoing.on('error', () => undefined);
  outgoing.write(randomBytes(500_000));
  return until('half of the upload is there', () =>
    mediaFiles(server).some((file) => file.startsWith('temporary/')),
  );
}

for (const engine of testEngines()) {
  test(`a deletion that was killed leaves no file behind after the next start (${engine.name})`, async () => {
    await using server = await startHomeserver({ engine });
    const alice = await registerUser(server, 'alice');
    const admin = await registerAdmin(server, 'admin');
    const kept = await upload(alice, randomBytes(100));
    await admin.request('POST', `/_synapse/admin/v1/media/protect/${kept}`);
    const ids = await Promise.all(
      Array.from({ length: count }, () => upload(alice, randomBytes(100))),
    );
    const image = await upload(alice, await picture(400, 300, 'jpeg'), { type: 'image/jpeg' });
    assert.equal((await thumbnail(alice, image)).status, 200);
    await until('the thumbnails are made', () => mediaFiles(server).length === count + 5);

    await beginUpload(server, alice);
    const query = { before_ts: Date.now() + 60_000 };
    const deletion = admin.request('POST', '/_synapse/admin/v1/media/delete', { query });
    deletion.catch(() => undefined);
    await until('some are gone', () => mediaFiles(server).length < count);
    await server.kill();
    const left = mediaFiles(server).length;
    assert.ok(left > 1, 'it was killed in the middle');

    await server.restart();
    const isGone = async (id: string): Promise<boolean> =>
      (await download(alice, id)).status === 404;
    const gone = await Promise.all([...ids, image].map(isGone));
    const alive = gone.filter((is) => !is).length;
    // Besides those that are not deleted, the one that was protected; thumbnails go with their picture.
    const thumbnails = gone.at(-1) === true ? 0 : 3;
    await until(
      'what has no row is gone',
      () => mediaFiles(server).length <= alive + 1 + thumbnails,
    );
    for (const [index, id] of ids.entries()) {
      if (gone[index] === false) assert.equal((await download(alice, id)).status, 200);
    }
    const again = await admin.request('POST', '/_synapse/admin/v1/media/delete', { query });
    assert.equal(valueAt(again.body, 'total'), alive);
    assert.equal(mediaFiles(server).length, 1);
    assert.equal((await download(alice, kept)).status, 200);
  });
}
