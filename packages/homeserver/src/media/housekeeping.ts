import { copyToStores } from './copy-to-stores.ts';
import { deleteExpired, settleLooseEnds } from './delete-media.ts';
import { housekeepingMs, retentionMs } from './limits.ts';
import type { MediaRepository } from './media.ts';
import { applyRetention } from './retention.ts';

/** What is done in the background: what a crash left behind, what has expired, what is to be copied. */
export class Housekeeping {
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #wake: () => void = () => undefined;
  #isWanted = false;

  start(repository: MediaRepository): void {
    this.#running = this.#run(repository);
  }

  /** There is something to do. */
  wake(): void {
    this.#isWanted = true;
    this.#wake();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#wake();
    await this.#running;
  }

  async #run(repository: MediaRepository): Promise<void> {
    const { signal } = this.#stop;
    let retainedAtMs = 0;
    while (!signal.aborted) {
      this.#isWanted = false;
      await this.#attempt(repository, () => settleLooseEnds(repository, signal));
      await this.#attempt(repository, () => copyToStores(repository, signal));
      await this.#attempt(repository, () => deleteExpired(repository));
      if (repository.now() - retainedAtMs >= retentionMs) {
        retainedAtMs = repository.now();
        await this.#attempt(repository, () => applyRetention(repository, signal));
      }
      await this.#pause();
    }
  }

  /** What fails is tried again the next time. */
  async #attempt({ logger }: MediaRepository, work: () => Promise<void>): Promise<void> {
    if (this.#stop.signal.aborted) return;
    try {
      await work();
    } catch (error) {
      logger.warn({ err: error }, 'a part of the housekeeping of media failed');
    }
  }

  #pause(): Promise<void> {
    if (this.#isWanted || this.#stop.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, housekeepingMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
