import { configFrom } from '../../config/parse-config.ts';
import { MatrixError } from '../../errors/matrix-error.ts';
import type { OutboundClientOptions } from '../../outbound/outbound-client.ts';
import { openDatabaseUnderTest } from '../../storage/database-under-test.ts';
import type { Database } from '../../storage/database.ts';
import { createLogger } from '../../telemetry/logger.ts';
import type { FetchedImage, PreviewImages, StoredImage } from './preview-images.ts';
import { openUrlPreviews } from './url-previews.ts';
import type { UrlPreviews } from './url-previews.ts';

/** 127.0.0.2 stands for the world; the rest of this machine is what nobody may reach. */
export const previewOptions = {
  server_name: 'soma.test',
  url_preview_enabled: true,
  url_preview_ip_range_blacklist: ['127.0.0.0/8', '10.0.0.0/8', '::1', '192.168.0.0/16'],
  url_preview_ip_range_whitelist: ['127.0.0.2'],
  max_spider_size: '1M',
};

/** Keeps pictures in memory. What does not begin like a PNG is none. */
export class ImagesUnderTest implements PreviewImages {
  readonly kept = new Map<string, { readonly image: FetchedImage; readonly bytes: Buffer }>();
  /** What was last asked for by `removeStrays`. */
  straysBeforeTs: number | undefined;
  #count = 0;

  async store(image: FetchedImage): Promise<StoredImage | undefined> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of image.chunks) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    if (!bytes.subarray(1).toString('latin1').startsWith('PNG')) return undefined;
    this.#count += 1;
    const mxc = `mxc://soma.test/image${this.#count}`;
    this.kept.set(mxc, { image, bytes });
    return { mxc, size: bytes.length, width: 20, height: 10 };
  }

  removeStrays(beforeTs: number): Promise<void> {
    this.straysBeforeTs = beforeTs;
    return Promise.resolve();
  }

  remove(mxcs: readonly string[]): Promise<void> {
    for (const mxc of mxcs) this.kept.delete(mxc);
    return Promise.resolve();
  }
}

export interface PreviewsUnderTest {
  readonly previews: UrlPreviews;
  readonly database: Database;
  readonly images: ImagesUnderTest;
  /** Added to the time of the machine. */
  readonly clock: { aheadMs: number };
  close(): Promise<void>;
}

/** `options` as they would stand in `homeserver.yaml`. */
export async function openPreviewsUnderTest(
  testDatabase: { readonly config: object; drop(): Promise<void> },
  options: Readonly<Record<string, unknown>> = {},
  client: Partial<OutboundClientOptions> = {},
): Promise<PreviewsUnderTest> {
  const database = await openDatabaseUnderTest(testDatabase.config);
  const images = new ImagesUnderTest();
  const clock = { aheadMs: 0 };
  const { logger } = createLogger({ destination: { write: () => undefined } });
  const { config } = configFrom({ ...previewOptions, ...options });
  const now = (): number => Date.now() + clock.aheadMs;
  const previews = openUrlPreviews({ database, config, images, logger, now, client });
  if (previews === undefined) throw new Error('previews are enabled');
  return {
    previews,
    database,
    images,
    clock,
    async close() {
      await previews.close();
      await database.close();
      await testDatabase.drop();
    },
  };
}

/** For `assert.rejects`. */
export function refusal(status: number, errcode: string): (error: unknown) => boolean {
  return (error) =>
    error instanceof MatrixError && error.status === status && error.errcode === errcode;
}
