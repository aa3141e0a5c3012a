import { boundedCache } from '../../storage/bounded-cache.ts';

const TOKENS_MAX = 10_000;

/** When users last confirmed who they are, by their access token. In memory: after a restart they are asked again. */
export class Confirmations {
  readonly #timesMs = boundedCache<number, number>(TOKENS_MAX);
  readonly #timeoutMs: number;
  readonly #now: () => number;

  constructor(timeoutMs: number, now: () => number) {
    this.#timeoutMs = timeoutMs;
    this.#now = now;
  }

  note(tokenNid: number): void {
    this.#timesMs.set(tokenNid, this.#now());
  }

  isRecent(tokenNid: number): boolean {
    const timeMs = this.#timesMs.get(tokenNid);
    return timeMs !== undefined && this.#now() - timeMs < this.#timeoutMs;
  }
}
