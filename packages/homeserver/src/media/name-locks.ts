/**
 * One after another for each name: a file is not removed while the row that names it is being written.
 */
export class NameLocks {
  readonly #last = new Map<string, Promise<void>>();

  /** Runs `body` once all earlier ones of that name have ended. */
  async run<T>(name: string, body: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name);
    const { promise: mine, resolve: end } = Promise.withResolvers<void>();
    this.#last.set(name, mine);
    try {
      await before;
      return await body();
    } finally {
      if (this.#last.get(name) === mine) this.#last.delete(name);
      end();
    }
  }
}
