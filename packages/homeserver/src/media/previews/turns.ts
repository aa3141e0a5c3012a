import { limitExceeded } from '../../errors/matrix-error.ts';

/** Lets so many pieces of work run at a time, the others in the order in which they came. */
export class Turns {
  readonly #runningMax: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(runningMax: number, waitingMax: number) {
    this.#runningMax = runningMax;
    this.#waitingMax = waitingMax;
  }

  /** Throws 429 M_LIMIT_EXCEEDED if too many wait already. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < this.#runningMax) this.#running += 1;
    else await this.#turn();
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  /** Whoever is next takes the place of the one before. */
  #turn(): Promise<void> {
    if (this.#waiting.length >= this.#waitingMax) throw limitExceeded(RETRY_AFTER_MS);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

const RETRY_AFTER_MS = 5_000;
