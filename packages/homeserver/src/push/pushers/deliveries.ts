import { setTimeout as delay } from 'node:timers/promises';

import type { Reader } from '../../storage/sql.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { deliveriesAtOnceMax } from './limits.ts';
import { readDuePushers } from './push-queue-store.ts';

export interface DeliveriesOptions {
  readonly reader: Reader;
  readonly logger: Logger;
  readonly now: () => number;
  readonly jitterMs: number;
  /** Tells a pusher the next thing; false once there is nothing more to tell for now. */
  deliver(pusherNid: number, signal: AbortSignal): Promise<boolean>;
}

/** setTimeout takes no more; what is later is looked at again before. */
const TIMER_MS_MAX = 3_600_000;

/** Runs the pushers that have something to tell: each for itself, in order, when its time has come. */
export class Deliveries {
  readonly #options: DeliveriesOptions;
  readonly #running = new Map<number, Promise<void>>();
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #looksAgain = false;

  constructor(options: DeliveriesOptions) {
    this.#options = options;
  }

  /** Something was queued, or a pusher is done. */
  wake(): void {
    if (this.#stop.signal.aborted) return;
    if (this.#looking !== undefined) {
      this.#looksAgain = true;
      return;
    }
    this.#looking = this.#look()
      .catch((error: unknown) => {
        this.#options.logger.error({ err: error }, 'the queue of pushes was not read');
        this.#wakeIn(TIMER_MS_MAX);
      })
      .finally(() => {
        this.#looking = undefined;
        if (!this.#looksAgain) return;
        this.#looksAgain = false;
        this.wake();
      });
  }

  async close(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    await this.#looking;
    await Promise.all(this.#running.values());
  }

  async #look(): Promise<void> {
    const { reader, now } = this.#options;
    // Those that run are among them.
    const limit = 2 * deliveriesAtOnceMax;
    for (const { pusherNid, nextTs } of await readDuePushers(reader, limit)) {
      if (this.#running.size >= deliveriesAtOnceMax || this.#stop.signal.aborted) return;
      const waitMs = nextTs - now();
      if (waitMs > 0) {
        this.#wakeIn(waitMs);
        return;
      }
      if (!this.#running.has(pusherNid)) this.#start(pusherNid);
    }
  }

  #start(pusherNid: number): void {
    const run = this.#run(pusherNid).finally(() => {
      this.#running.delete(pusherNid);
      this.wake();
    });
    this.#running.set(pusherNid, run);
  }

  async #run(pusherNid: number): Promise<void> {
    const { deliver, logger, jitterMs } = this.#options;
    const { signal } = this.#stop;
    try {
      if (jitterMs > 0) await delay(Math.random() * jitterMs, undefined, { signal });
      while (!signal.aborted && (await deliver(pusherNid, signal)));
    } catch (error) {
      if (signal.aborted) return;
      logger.error({ err: error }, 'a pusher could not be run');
      // Without a pause it would be tried again at once, for ever.
      await delay(TIMER_MS_MAX / 60, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  #wakeIn(waitMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.wake(), Math.min(waitMs, TIMER_MS_MAX));
    this.#timer.unref();
  }
}
