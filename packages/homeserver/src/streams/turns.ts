import { setImmediate as nextTurn } from 'node:timers/promises';

/** So long one answer may be worked on before others get their turn. */
const TURN_MS = 10;

/** Lets others run between the rooms of a long answer, which is made of reads that never wait for anything. */
export class Turn {
  #sinceMs = performance.now();

  async pauseIfDue(): Promise<void> {
    if (performance.now() - this.#sinceMs < TURN_MS) return;
    await nextTurn();
    this.#sinceMs = performance.now();
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
