import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long the thread may be kept from other requests. */
const TURN_MS = 8;

/** Gives way to other requests now and then during long work. */
export class Turns {
  #startedMs = performance.now();

  /** Undefined while the turn may go on. */
  next(): Promise<void> | undefined {
    return performance.now() - this.#startedMs < TURN_MS ? undefined : this.#giveWay();
  }

  async #giveWay(): Promise<void> {
    await nextTurn();
    this.#startedMs = performance.now();
  }
}
