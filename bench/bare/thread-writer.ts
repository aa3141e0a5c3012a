import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import type { RowWriter } from './writer.ts';

/** A batch may be handed over while the one before it is being fsynced. */
const batchesInFlightMax = 2;

/** Commits on a thread of its own, so that requests are read during an fsync. */
export class ThreadWriter implements RowWriter {
  readonly #thread: Worker;
  readonly #inFlight: (() => void)[][] = [];
  #rows: string[] = [];
  #waiting: (() => void)[] = [];
  #scheduled = false;

  constructor(path: string) {
    this.#thread = new Worker(new URL('writer-thread.ts', import.meta.url), { workerData: path });
    this.#thread.on('message', () => {
      const committed = this.#inFlight.shift() ?? [];
      if (this.#rows.length > 0) this.#schedule();
      for (const done of committed) done();
    });
  }

  write(json: string, done: () => void): void {
    this.#rows.push(json);
    this.#waiting.push(done);
    this.#schedule();
  }

  async close(): Promise<void> {
    this.#thread.postMessage(undefined);
    await once(this.#thread, 'exit');
  }

  #schedule(): void {
    if (this.#scheduled || this.#inFlight.length >= batchesInFlightMax) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#rows.length === 0) return;
    this.#inFlight.push(this.#waiting);
    this.#thread.postMessage(this.#rows);
    this.#rows = [];
    this.#waiting = [];
  }
}
