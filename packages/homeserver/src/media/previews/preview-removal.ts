import { write } from '../../storage/database.ts';
import type { Database } from '../../storage/database.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { keptAfterExpiryMs, removalIntervalMs, removalsAtOnce, strayAfterMs } from './limits.ts';
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
  readonly #logger: Logger;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: PreviewRemovalOptions) {
    this.#logger = options.logger;
    this.#timer = setInterval(
      () => this.#run(() => removeExpired(options, this.#isStopped)),
      removalIntervalMs,
    ).unref();
    const { images, now } = options;
    this.#run(() => images?.removeStrays(now() - strayAfterMs));
    this.#run(() => removeExpired(options, this.#isStopped));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  #run(work: () => Promise<void> | undefined): void {
    this.#running = this.#running.then(work).catch((error: unknown) => {
      // What is left is found again the next time.
      this.#logger.warn({ err: error }, 'expired URL previews could not be removed');
    });
  }

  readonly #isStopped = (): boolean => this.#isClosed;
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
