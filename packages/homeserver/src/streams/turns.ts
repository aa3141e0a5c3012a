/**
 * How long this thread may be kept from requests by long work: together, so that many long works at once hold nobody up for
 * longer than one of them does.
 */
const TURN_MS = 8;

/** Long works whose turn is over, in the order in which they go on. */
const waiting: (() => void)[] = [];

/** Resolves when requests, and the long works that have waited longer, have had their turn. */
export function othersTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) setImmediate(goOn);
  });
}

/** One work between two looks at what has come in: those that go on in the same round would add up. */
function goOn(): void {
  waiting.shift()?.();
  if (waiting.length > 0) setImmediate(goOn);
}

/** Gives way to others now and then during long work, which is made of reads and reckoning that never wait for anything. */
export class Turns {
  #startedMs = performance.now();

  /** Undefined while the turn may go on. */
  next(): Promise<void> | undefined {
    return performance.now() - this.#startedMs < TURN_MS ? undefined : this.#giveWay();
  }

  async #giveWay(): Promise<void> {
    await othersTurn();
    this.#startedMs = performance.now();
  }
}

/** Long answers are made a few at a time: each of them is in memory until the client has it. */
export class WaitingLine {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  async run<T>(body: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    // Who ends hands the place over, so that nobody comes in between.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await body();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
