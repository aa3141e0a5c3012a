import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type {
  FetchJob,
  FetchResult,
  Job,
  JobOutcome,
  JoinJob,
  JoinResult,
  SendJob,
  SendResult,
  WakeUpJob,
  WakeUpResult,
} from './jobs.ts';

const entry = fileURLToPath(new URL('generator.ts', import.meta.url));

/** The load generator as its parent sees it: a child process that runs one job at a time. */
export class LoadGenerator {
  readonly #child: ChildProcess;

  constructor() {
    this.#child = fork(entry, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  }

  send(job: SendJob): Promise<SendResult> {
    return this.#run<SendResult>(job);
  }

  wakeUp(job: WakeUpJob): Promise<WakeUpResult> {
    return this.#run<WakeUpResult>(job);
  }

  fetch(job: FetchJob): Promise<FetchResult> {
    return this.#run<FetchResult>(job);
  }

  join(job: JoinJob): Promise<JoinResult> {
    return this.#run<JoinResult>(job);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.disconnect();
    await exited;
  }

  async #run<Result>(job: Job): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const onExit = (): void => reject(new Error('the load generator ended'));
    this.#child.once('exit', onExit);
    this.#child.once('message', (message) => {
      const outcome = parseOutcome<Result>(message);
      if ('result' in outcome) resolve(outcome.result);
      else reject(new Error(`the load generator failed: ${outcome.failure}`));
    });
    this.#child.send(job);
    try {
      return await promise;
    } finally {
      this.#child.off('exit', onExit);
    }
  }
}

/** The child is this program's own other half, so that the result fits the job. */
function parseOutcome<Result>(message: unknown): JobOutcome<Result> {
  return message as JobOutcome<Result>;
}
