/** Lets others wait until a destination has got the events up to a position. */
export class Deliveries {
  readonly #waiting = new Map<string, Set<(upTo: number) => void>>();

  /** The destination has got everything that it was to get, up to this position. */
  delivered(serverName: string, upTo: number): void {
    for (const tell of this.#waiting.get(serverName) ?? []) tell(upTo);
  }

  /** Resolves when the destination has got as far, or the time is over. */
  wait(serverName: string, position: number, timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(serverName) ?? new Set();
      this.#waiting.set(serverName, waiting);
      const end = (): void => {
        clearTimeout(timer);
        waiting.delete(tell);
        if (waiting.size === 0) this.#waiting.delete(serverName);
        resolve();
      };
      const tell = (upTo: number): void => {
        if (upTo >= position) end();
      };
      const timer = setTimeout(end, timeoutMs);
      waiting.add(tell);
    });
  }
}
