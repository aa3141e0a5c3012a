import { setTimeout as sleep } from 'node:timers/promises';

/** One server's answer. */
export interface AnswerOf<T> {
  readonly server: string;
  readonly answer: T;
  /** Those that failed before. */
  readonly failures: readonly Failure[];
}

/** A server that was asked in vain, and what it threw. */
export interface Failure {
  readonly server: string;
  readonly error: unknown;
}

/** All have failed, in this order. */
export class NoServerAnswered extends Error {
  readonly failures: readonly Failure[];

  constructor(failures: readonly Failure[]) {
    super('no server gave an answer');
    this.name = 'NoServerAnswered';
    this.failures = failures;
  }
}

/**
 * Asks one server after the other, and the next one also when the present one is slow: the first answer counts, and
 * the other questions are given up. For questions that change nothing. Throws {@link NoServerAnswered}.
 */
export async function askInTurn<T>(
  servers: readonly string[],
  hedgeDelayMs: number,
  ask: (server: string, signal: AbortSignal) => Promise<T>,
): Promise<AnswerOf<T>> {
  const over = new AbortController();
  const failures: Failure[] = [];
  const running = new Set<Promise<AnswerOf<T> | undefined>>();
  const start = (server: string): void => {
    const asked: Promise<AnswerOf<T> | undefined> = ask(server, over.signal)
      .then((answer) => ({ server, answer, failures }))
      .catch((error: unknown) => {
        failures.push({ server, error });
        return undefined;
      })
      .finally(() => running.delete(asked));
    running.add(asked);
  };
  try {
    for (const server of servers) {
      start(server);
      const answer = await firstOf(running, hedgeDelayMs);
      if (answer !== undefined) return answer;
    }
    while (running.size > 0) {
      const answer = await Promise.race(running);
      if (answer !== undefined) return answer;
    }
  } finally {
    over.abort();
  }
  throw new NoServerAnswered(failures);
}

/** An answer; undefined when all have failed, or the time is over. */
async function firstOf<T>(
  running: ReadonlySet<Promise<T | undefined>>,
  waitMs: number,
): Promise<T | undefined> {
  const done = new AbortController();
  const time = sleep(waitMs, 'over' as const, { signal: done.signal }).catch(() => 'over' as const);
  try {
    while (running.size > 0) {
      const first = await Promise.race([...running, time]);
      if (first === 'over') return undefined;
      if (first !== undefined) return first;
    }
    return undefined;
  } finally {
    done.abort();
  }
}
