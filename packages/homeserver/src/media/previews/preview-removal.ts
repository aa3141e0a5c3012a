import { write } from '../../storage/database.ts';
import type { Database } from '../../storage/database.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { keptAfterExpiryMs, removalIntervalMs, removalsAtOnce } from './limits.ts';
import type { PreviewImages } from './preview-images.ts';
import { deletePreviewStatement, isImageKept, readExpiredPreviews } from './url-preview-store.ts';

export interface PreviewRemovalOptions {
  readonly database: Database;
  readonly images: PreviewImages | undefined;
  readonly logger: Logger;
  readonly now: () => number;
}

/** Removes previews, and the pictures that no other preview shows, some time after they have expired. */
export class PreviewRemoval {
  readonly #options: PreviewRemovalOptions;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: PreviewRemovalOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#start(), removalIntervalMs).unref();
    this.#start();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  #start(): void {
    this.#running = this.#running
      .then(() => removeExpired(this.#options, () => this.#isClosed))
      .catch((error: unknown) => {
        // What is left is found again the next time.
        this.#options.logger.warn({ err: error }, 'expired URL previews could not be removed');
      });
  }
}

/** A picture goes before the row that names it, so that no crash leaves one that nobody remembers. */
export async function removeExpired(
  { database, images, now }: PreviewRemovalOptions,
  isStopped: () => boolean = () => false,
): Promise<void> {
  const beforeTs = now() - keptAfterExpiryMs;
  while (!isStopped()) {
    const expired = await readExpiredPreviews(database.reader, beforeTs, removalsAtOnce);
    if (expired.length === 0) return;
    const shown = new Set(expired.flatMap(({ image }) => (image === undefined ? [] : [image])));
    for (const image of shown) {
      if (await isImageKept(database.reader, image, beforeTs)) shown.delete(image);
    }
    if (shown.size > 0) await images?.remove([...shown]);
    await write(database, { statements: expired.map(deletePreviewStatement), positions: 0 });
  }
}
