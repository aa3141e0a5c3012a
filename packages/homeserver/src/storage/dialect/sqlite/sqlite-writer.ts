import { Worker } from 'node:worker_threads';

import { END_OF_BATCHES, KnownToThread, decodeResults, encodeBatch } from '../../batch-encoding.ts';
import type { EncodedResults } from '../../batch-encoding.ts';
import type { BatchOutcome, BatchWriter, QueuedChange } from '../../write-queue.ts';

interface Waiting {
  resolve(outcome: BatchOutcome): void;
  reject(error: Error): void;
}

/** This side of the writer thread: batches go over in order, and come back in order. */
export class SqliteWriter implements BatchWriter {
  readonly #thread: Worker;
  readonly #known = new KnownToThread();
  readonly #waiting: Waiting[] = [];
  readonly #exited: Promise<void>;
  #dead: Error | undefined;

  constructor(path: string) {
    this.#thread = new Worker(new URL('sqlite-writer-thread.ts', import.meta.url), {
      workerData: path,
    });
    this.#thread.on('message', (results: EncodedResults) => {
      this.#waiting.shift()?.resolve(decodeResults(results));
    });
    this.#exited = new Promise((resolve) => {
      this.#thread.on('exit', () => {
        this.#end(new Error('the writer thread has ended'));
        resolve();
      });
    });
    this.#thread.on('error', (error: unknown) => {
      this.#end(new Error('the writer thread failed', { cause: error }));
    });
  }

  apply(batch: readonly QueuedChange[]): Promise<BatchOutcome> {
    if (this.#dead !== undefined) return Promise.reject(this.#dead);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      const keyCount = this.#known.keys.length;
      const text = JSON.stringify(encodeBatch(batch, this.#known));
      for (const key of this.#known.keys.slice(keyCount)) this.#thread.postMessage(key);
      this.#thread.postMessage(text);
    });
  }

  async close(): Promise<void> {
    this.#thread.postMessage(END_OF_BATCHES);
    await this.#exited;
  }

  #end(error: Error): void {
    this.#dead ??= error;
    for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#dead);
  }
}
