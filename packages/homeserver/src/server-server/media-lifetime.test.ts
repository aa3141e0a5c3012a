import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { api } from '../../../../tests/harness/api.ts';
import type { Response } from '../../../../tests/harness/api.ts';
import { testEngines } from '../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../tests/harness/engines.ts';
import { textAt } from '../../../../tests/harness/json-path.ts';
import { protectMedia, quarantineMedia } from '../media/quarantine.ts';
import { applyRetention } from '../media/retention.ts';
import { startMediaEdge } from './media-edge-under-test.ts';
import type { MediaEdgeUnderTest } from './media-edge-under-test.ts';

const dayMs = 86_400_000;

async function* only(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

for (const engine of testEngines()) {
  describe(`the lifetime of media (${engine.name})`, () => {
    let database: TestDatabase;
    let edge: MediaEdgeUnderTest;
    before(async () => {
      database = await engine.createDatabase();
      edge = await startMediaEdge(database.config, {
        options: {
          media_retention: { local_media_lifetime: '30d', remote_media_lifetime: '10d' },
        },
        fetchRemote: () =>
          Promise.resolve({
            contentType: 'text/plain',
            contentDisposition: undefined,
            bytes: 50,
            chunks: only(randomBytes(50)),
          }),
      });
    });
    after(async () => {
      await edge.close();
      await database.drop();
    });

    const download = (name: string): Promise<Response> =>
      api(edge.url).request('GET', `/_matrix/client/v1/media/download/${name}`, {
        token: edge.token,
      });
    const upload = async (): Promise<string> => {
      const headers = { 'content-type': 'text/plain' };
      const options = { token: edge.token, body: randomBytes(50), headers };
      const answer = await api(edge.url).request('POST', '/_matrix/media/v3/upload', options);
      return textAt(answer.body, 'content_uri').slice('mxc://'.length);
    };
    const files = (): number =>
      readdirSync(join(edge.folder, 'content'), { recursive: true, withFileTypes: true }).filter(
        (entry) => entry.isFile(),
      ).length;
    const retain = (): Promise<void> => applyRetention(edge.media, new AbortController().signal);

    it('ends when nobody has read it for so long, and its file goes', async () => {
      const [idle, read, kept, bad] = [
        await upload(),
        await upload(),
        await upload(),
        await upload(),
      ];
      const idOf = (name: string): string => name.split('/')[1] ?? '';
      await protectMedia(edge.media, idOf(kept), true);
      await quarantineMedia(
        edge.media,
        [{ serverName: 'example.org', mediaId: idOf(bad) }],
        'admin',
      );
      assert.equal((await download('far.example/abc')).status, 200);
      assert.equal((await download('far.example/read')).status, 200);
      assert.equal(files(), 6);

      edge.clock.nowMs += 9 * dayMs;
      await download('far.example/read');
      await retain();
      assert.equal(files(), 6, 'nothing has been idle for long enough');

      edge.clock.nowMs += 5 * dayMs;
      await retain();
      assert.equal(files(), 5, 'a shorter life for what can be fetched again');

      edge.clock.nowMs += 10 * dayMs;
      await download(read);
      edge.clock.nowMs += 10 * dayMs;
      await retain();
      assert.equal((await download(idle)).status, 404);
      assert.equal((await download(read)).status, 200);
      assert.equal((await download(kept)).status, 200);
      assert.equal(files(), 3, 'read, protected and quarantined');
    });
  });
}
