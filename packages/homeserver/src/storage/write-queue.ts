import type { Change, Outcome, Submitted } from './change.ts';
import type { CommitListener, Committed } from './database.ts';

/** A change on its way, with what its caller waits for. */
export interface QueuedChange {
  readonly serial: number;
  readonly change: Change;
  settle(outcome: Outcome): void;
  fail(error: unknown): void;
}

/** What became of one change of a batch. */
export type BatchResult = Outcome | { readonly outcome: 'failed'; readonly error: Error };

/** What became of a batch. */
export interface BatchOutcome {
  /** In the order of the changes. */
  readonly results: BatchResult[];
  /** How long the commit itself took, where that can be told apart and goes on beside this thread. */
  readonly commitUs?: number;
  /** The clock's position after the commit. */
  readonly position: number;
  /** What earlier batches committed although their answer was lost, as the log has it. */
  readonly missed?: readonly Committed[];
}

/** One engine's way to apply a list of changes in one commit. */
export interface BatchWriter {
  /** Resolves after the commit; rejects where nobody knows whether there was one. */
  apply(batch: readonly QueuedChange[]): Promise<BatchOutcome>;
  close(): Promise<void>;
}

/** More than this many changes wait for the next commit, so that none grows without limit. */
const BATCH_CHANGES_MAX = 1024;
/** About what a change costs the thread that makes it. */
const CHANGE_US = 60;
/** A batch is handed over while the one before it is written, so that the writer need not wait for it. */
const BATCHES_IN_FLIGHT_MAX = 2;
/** Over so many commits their cost is smoothed; one that holds a checkpoint counts as twice the usual at most. */
const COMMITS_SMOOTHED = 16;
/** How soon the writer is asked again after it could not be reached. */
const ASK_AGAIN_MS = 500;

/** Group commit: whatever is ready when the writer is free goes into one commit (DESIGN §5). */
export class WriteQueue {
  readonly #writer: BatchWriter;
  readonly #listeners: CommitListener[] = [];
  #waiting: QueuedChange[] = [];
  #inFlight = 0;
  /** What a commit costs whatever it holds, smoothed. */
  #commitUs = Infinity;
  #scheduled = false;
  #serial = 0;
  #position: number;
  #closed = false;
  #idle: (() => void)[] = [];
  #asking: NodeJS.Timeout | undefined;
  #awaited: { position: number; resolve: () => void }[] = [];

  constructor(writer: BatchWriter, position: number) {
    this.#writer = writer;
    this.#position = position;
  }

  get position(): number {
    return this.#position;
  }

  onCommit(listener: CommitListener): void {
    this.#listeners.push(listener);
  }

  /** Resolves once the listeners have been told of everything up to `position`; undefined when they have. */
  reached(position: number): Promise<void> | undefined {
    if (position <= this.#position) return undefined;
    return new Promise((resolve) => {
      this.#awaited.push({ position, resolve });
    });
  }

  submit(change: Change): Submitted {
    if (this.#closed) throw new Error('the database is closed');
    this.#serial += 1;
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
    const serial = this.#serial;
    this.#waiting.push({ serial, change, settle: resolve, fail: reject });
    this.#flushSoon();
    // Whoever keeps what is returned must not keep the change with it.
    return { serial, done: promise };
  }

  /** Resolves when nothing is under way any more; refuses new changes from now on. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#asking);
    if (this.#waiting.length > 0 || this.#inFlight > 0) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
    await this.#writer.close();
  }

  #flushSoon(): void {
    if (this.#waiting.length >= this.#enough()) this.#flush();
    else this.#schedule();
  }

  /** setImmediate runs after all sockets that are readable now were served: their changes share a commit. */
  #schedule(): void {
    if (this.#scheduled || this.#inFlight > 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#inFlight === 0) this.#flush();
    });
  }

  /**
   * So many changes are worth a commit of their own: while it is being fsynced, this thread makes as many. Waiting for
   * all that can be read would have the two threads work by turns; fewer would spend the disk's time on small commits.
   */
  #enough(): number {
    return this.#commitUs / CHANGE_US;
  }

  #flush(): void {
    if (this.#waiting.length === 0 || this.#inFlight >= BATCHES_IN_FLIGHT_MAX) return;
    const batch = this.#waiting.splice(0, BATCH_CHANGES_MAX);
    this.#inFlight += 1;
    this.#writer.apply(batch).then(
      (outcome) => this.#finish(batch, outcome),
      (error: unknown) => {
        const failure = error instanceof Error ? error : new Error(String(error));
        const results = batch.map((): BatchResult => ({ outcome: 'failed', error: failure }));
        this.#finish(batch, { results, position: this.#position });
        this.#askAgain();
      },
    );
  }

  /** A commit whose answer was lost may hold: an empty batch brings what the log has of it. */
  #askAgain(): void {
    if (this.#asking !== undefined || this.#closed) return;
    this.#asking = setTimeout(() => {
      this.#asking = undefined;
      if (this.#closed) return;
      this.#writer.apply([]).then(
        (outcome) => this.#announce(outcome.missed ?? [], outcome.position),
        () => this.#askAgain(),
      );
    }, ASK_AGAIN_MS);
    this.#asking.unref();
  }

  #announce(committed: readonly Committed[], position: number): void {
    this.#position = Math.max(this.#position, position);
    if (committed.length > 0) {
      for (const listener of this.#listeners) listener(committed, this.#position);
    }
    if (this.#awaited.length > 0) this.#releaseAwaited();
  }

  #finish(batch: readonly QueuedChange[], outcome: BatchOutcome): void {
    const { results, position, missed = [], commitUs } = outcome;
    this.#inFlight -= 1;
    if (commitUs !== undefined) this.#smooth(commitUs);
    const committed: Committed[] = [...missed];
    for (const [index, queued] of batch.entries()) {
      const result = results[index];
      if (result?.outcome === 'applied' && queued.change.positions > 0) {
        committed.push({ change: queued.change, position: result.position });
      }
    }
    this.#announce(committed, position);
    for (const [index, queued] of batch.entries()) {
      const result = results[index] ?? { outcome: 'failed', error: new Error('no result') };
      if (result.outcome === 'failed') queued.fail(result.error);
      else queued.settle(result);
    }
    if (this.#waiting.length > 0) this.#flushSoon();
    else if (this.#inFlight === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #smooth(commitUs: number): void {
    const before = this.#commitUs === Infinity ? commitUs : this.#commitUs;
    this.#commitUs = before + (Math.min(commitUs, 2 * before) - before) / COMMITS_SMOOTHED;
  }

  #releaseAwaited(): void {
    const all = this.#awaited;
    this.#awaited = all.filter((one) => one.position > this.#position);
    for (const one of all) if (one.position <= this.#position) one.resolve();
  }
}
