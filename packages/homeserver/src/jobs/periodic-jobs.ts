import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from '../telemetry/logger.ts';

/** What is to be done again and again. */
export interface PeriodicJob {
  /** For the log. */
  readonly name: string;
  /** Does what is due, or a part of it, in steps that are each complete. */
  run(signal: AbortSignal): Promise<void>;
}

/** Runs jobs one after the other, at once and then regularly; one that fails is tried again the next time. */
export class PeriodicJobs {
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(jobs: readonly PeriodicJob[], everyMs: number, logger: Logger) {
    this.#running = jobs.length === 0 ? Promise.resolve() : this.#run(jobs, everyMs, logger);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(jobs: readonly PeriodicJob[], everyMs: number, logger: Logger): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      for (const { name, run } of jobs) {
        if (signal.aborted) return;
        try {
          await run(signal);
        } catch (error) {
          logger.warn({ err: error, job: name }, 'a regular job failed');
        }
      }
      await sleep(everyMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
}
