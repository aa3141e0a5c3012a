import {
  KnownToThread,
  decodeResults,
  encodeBatch,
} from '../../packages/homeserver/src/storage/batch-encoding.ts';
import { BatchApplier } from '../../packages/homeserver/src/storage/dialect/sqlite/batch-applier.ts';
import { openWritingConnection } from '../../packages/homeserver/src/storage/dialect/sqlite/open-sqlite.ts';
import type {
  BatchOutcome,
  BatchWriter,
  QueuedChange,
} from '../../packages/homeserver/src/storage/write-queue.ts';
import type { Random } from './random.ts';
import type { VirtualTime } from './virtual-time.ts';

/** How long a commit takes at most, and how long until it is known that it was made. */
const commitMsMax = 4;
const answerMsMax = 2;

/** Writes on this thread, at times that the seed chooses; the batches and what applies them are the real ones. */
export class SimulatedWriter implements BatchWriter {
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #connection: ReturnType<typeof openWritingConnection>;
  readonly #applier: BatchApplier;
  readonly #known = new KnownToThread();
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string, time: VirtualTime, random: Random) {
    this.#time = time;
    this.#random = random;
    this.#connection = openWritingConnection(path);
    // A kill ends no system: what was written is there without having been forced to the disk.
    this.#connection.exec('pragma synchronous = off');
    this.#applier = new BatchApplier(this.#connection);
  }

  apply(batch: readonly QueuedChange[]): Promise<BatchOutcome> {
    const keyCount = this.#known.keys.length;
    const text = JSON.stringify(encodeBatch(batch, this.#known));
    const keys = this.#known.keys.slice(keyCount);
    const outcome = this.#last.then(() => this.#commit(text, keys));
    this.#last = outcome;
    return outcome;
  }

  async close(): Promise<void> {
    await this.#last;
    this.cut();
  }

  /** As when the process is killed: what is not committed by now will not be. */
  cut(): void {
    if (this.#connection.isOpen) this.#connection.close();
  }

  async #commit(text: string, keys: KnownToThread['keys']): Promise<BatchOutcome> {
    await this.#time.sleep(this.#random.below(commitMsMax));
    for (const key of keys) this.#applier.learnKey(key);
    const { results, position } = decodeResults(this.#applier.apply(JSON.parse(text)));
    await this.#time.sleep(this.#random.below(answerMsMax));
    // Without the time that it took, which is not the same twice.
    return { results, position };
  }
}
