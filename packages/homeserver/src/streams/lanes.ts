export interface LanesOptions<Key> {
  /** Lanes that go on at the same time. */
  readonly atOnce: number;
  /** Whether a lane may go on beside those that do; by default it may. */
  readonly mayRun?: (key: Key) => boolean;
  /**
   * Does some of what waits in a lane. Resolves to how long the rest waits, at most 0 where it is only another lane's
   * turn, and to undefined where nothing is left. Never rejects.
   */
  readonly run: (key: Key) => Promise<number | undefined>;
}

/** Work in lanes: one thing after the other in each, and some lanes at once, in turn. */
export class Lanes<Key> {
  readonly #options: LanesOptions<Key>;
  readonly #running = new Map<Key, Promise<void>>();
  /** Lanes that wait for their turn, in order. */
  readonly #due = new Set<Key>();
  readonly #timers = new Map<Key, { readonly timer: NodeJS.Timeout; readonly atMs: number }>();
  #isClosed = false;

  constructor(options: LanesOptions<Key>) {
    this.#options = options;
  }

  /** Something waits in the lane. */
  wake(key: Key): void {
    this.#due.add(key);
    this.#start();
  }

  /** Something waits in the lane, and may wait so long for what comes after it. */
  wakeWithin(key: Key, delayMs: number): void {
    const atMs = performance.now() + delayMs;
    const known = this.#timers.get(key);
    if (this.#isClosed || (known !== undefined && known.atMs <= atMs)) return;
    clearTimeout(known?.timer);
    const timer = setTimeout(() => {
      this.#timers.delete(key);
      this.wake(key);
    }, delayMs);
    timer.unref();
    this.#timers.set(key, { timer, atMs });
  }

  /** Whether something has come to the lane since its turn began. */
  isDue(key: Key): boolean {
    return this.#due.has(key);
  }

  /** Resolves when nothing is under way any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { timer } of this.#timers.values()) clearTimeout(timer);
    this.#due.clear();
    await Promise.all(this.#running.values());
  }

  #start(): void {
    const { atOnce, mayRun = () => true } = this.#options;
    for (const key of this.#due) {
      if (this.#isClosed || this.#running.size >= atOnce) return;
      if (this.#running.has(key) || !mayRun(key)) continue;
      this.#due.delete(key);
      const run = this.#run(key).finally(() => {
        this.#running.delete(key);
        this.#start();
      });
      this.#running.set(key, run);
    }
  }

  async #run(key: Key): Promise<void> {
    const leftMs = await this.#options.run(key);
    if (this.#isClosed || leftMs === undefined || this.#due.has(key)) return;
    if (leftMs <= 0) this.#due.add(key);
    else this.wakeWithin(key, leftMs);
  }
}
