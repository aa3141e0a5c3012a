import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import sharp from 'sharp';

import { testEngines } from '../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../tests/harness/engines.ts';
import { configFrom } from '../config/parse-config.ts';
import { openDatabaseUnderTest } from '../storage/database-under-test.ts';
import { write } from '../storage/database.ts';
import type { Database } from '../storage/database.ts';
import { internedNames } from '../storage/names-store.ts';
import { createLogger } from '../telemetry/logger.ts';
import type { MediaRepository } from './media.ts';
import { openMedia } from './open-media.ts';
import { previewImages } from './preview-images.ts';
import type { StoredImage } from './previews/preview-images.ts';
import { insertPreviewStatement } from './previews/url-preview-store.ts';

for (const engine of testEngines()) {
  describe(`pictures of previews (${engine.name})`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'soma-preview-images-'));
    let testDatabase: TestDatabase;
    let database: Database;
    let media: MediaRepository;

    before(async () => {
      testDatabase = await engine.createDatabase();
      database = await openDatabaseUnderTest(testDatabase.config);
      const { config } = configFrom({ server_name: 'example.org', media_store_path: folder });
      const names = internedNames(database, 1);
      const { logger } = createLogger({ level: 'silent' });
      media = await openMedia({ database, names, config, logger, now: Date.now });
    });
    after(async () => {
      await media.close();
      await database.close();
      await testDatabase.drop();
      rmSync(folder, { recursive: true });
    });

    /** A picture that no other has the bytes of. */
    async function store(red: number): Promise<StoredImage> {
      const background = { r: red, g: 0, b: 0 };
      const create = { width: 30, height: 20, channels: 3 as const, background };
      const stored = await previewImages(media).store({
        chunks: chunksOf(await sharp({ create }).png().toBuffer()),
        contentType: 'image/png',
        fileName: 'a.png',
        url: 'https://example.org/a.png',
      });
      assert.ok(stored);
      return stored;
    }

    function files(): number {
      return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
        entry.isFile(),
      ).length;
    }

    it('are measured and kept until they are removed, without a file left', async () => {
      const { mxc, size, width, height } = await store(1);
      assert.match(mxc, /^mxc:\/\/example\.org\/[A-Za-z]+$/);
      assert.deepEqual([width, height], [30, 20]);
      assert.ok(size > 0 && files() === 1);
      await previewImages(media).remove([mxc, mxc, 'mxc://example.org/unknown']);
      assert.equal(files(), 0);
    });

    it('are not what is no picture', async () => {
      const svg = chunksOf(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'));
      const found = await previewImages(media).store({
        chunks: svg,
        contentType: 'image/svg+xml',
        fileName: undefined,
        url: 'https://example.org/a.svg',
      });
      assert.equal(found, undefined);
      assert.equal(files(), 0);
    });

    it('that no preview shows are found later', async () => {
      const [shown, stray] = [await store(2), await store(3)];
      const row = { fetchedTs: 1, expiresTs: 2, etag: undefined, image: shown.mxc, json: '{}' };
      await write(database, {
        statements: [insertPreviewStatement(new Uint8Array(32), row)],
        positions: 0,
      });
      await previewImages(media).removeStrays(Date.now() - 60_000);
      assert.equal(files(), 2);
      await previewImages(media).removeStrays(Date.now() + 60_000);
      assert.equal(files(), 1);
      await previewImages(media).remove([stray.mxc, shown.mxc]);
      assert.equal(files(), 0);
    });
  });
}

async function* chunksOf(bytes: Buffer): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}
