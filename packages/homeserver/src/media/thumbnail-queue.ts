import { LimitExceededError, MatrixError } from '../errors/matrix-error.ts';
import { boundedCache } from '../storage/bounded-cache.ts';
import { thumbnailsAtOnce, thumbnailsWaitingMax } from './limits.ts';
import type { MediaContent } from './media-store.ts';
import type { MediaRepository, Thumbnails } from './media.ts';
import { storeThumbnail } from './store-thumbnail.ts';
import { thumbnailKey } from './stores/file-store.ts';
import type { ThumbnailShape } from './stores/file-store.ts';
import type { Thumbnail } from './thumbnail-store.ts';

const REFUSALS_REMEMBERED = 10_000;
/** What is wrong with the content, rather than with the moment. */
const REMEMBERED_STATUSES: ReadonlySet<number> = new Set([400, 413]);
const RETRY_MS = 1_000;

/** The thumbnails that this process makes. */
export class ThumbnailQueue implements Thumbnails {
  readonly #making = new Map<string, Promise<Thumbnail>>();
  /** Of contents no thumbnail can be made of: they do not cost the same work again. */
  readonly #refusals = boundedCache<string, MatrixError>(REFUSALS_REMEMBERED);
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #isClosed = false;

  make(
    repository: MediaRepository,
    content: MediaContent,
    shape: ThumbnailShape,
    isLocal: boolean,
  ): Promise<Thumbnail> {
    const key = thumbnailKey(content.sha256, shape);
    const running = this.#making.get(key);
    if (running !== undefined) return running;
    const made = this.#makeUnlessRefused(content, () =>
      storeThumbnail(repository, content, shape, isLocal, (work) => this.#inTurn(work)),
    ).finally(() => this.#making.delete(key));
    this.#making.set(key, made);
    return made;
  }

  makeInAdvance(
    repository: MediaRepository,
    content: MediaContent,
    mediaType: string,
    isLocal: boolean,
  ): void {
    const { config } = repository;
    if (config.dynamicThumbnails || !mediaType.startsWith('image/')) return;
    for (const size of config.thumbnailSizes) {
      if (this.#waiting.length >= thumbnailsWaitingMax / 2) return;
      const shape = { ...size, isAnimated: false };
      this.make(repository, content, shape, isLocal).catch((error: unknown) => {
        if (error instanceof MatrixError) return;
        repository.logger.warn({ err: error }, 'a thumbnail could not be made in advance');
      });
    }
  }

  /** Drops what waits; resolves when nothing is being made any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    while (this.#making.size > 0) await Promise.allSettled(this.#making.values());
  }

  async #makeUnlessRefused(
    { sha256 }: MediaContent,
    make: () => Promise<Thumbnail>,
  ): Promise<Thumbnail> {
    const refusal = this.#refusals.get(sha256);
    if (refusal !== undefined) throw refusal;
    try {
      return await make();
    } catch (error) {
      if (error instanceof MatrixError && REMEMBERED_STATUSES.has(error.status)) {
        this.#refusals.set(sha256, error);
      }
      throw error;
    }
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting.length >= thumbnailsWaitingMax) throw new LimitExceededError(RETRY_MS);
    if (this.#running < thumbnailsAtOnce) this.#running += 1;
    // Whoever ends hands its place over.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      if (this.#isClosed) throw new MatrixError(503, 'M_UNKNOWN', 'The server is stopping');
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
