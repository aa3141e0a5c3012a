/** Requests with a transaction ID that are under way, so that a repetition waits for the first. */
export class RunningTransactions {
  readonly #running = new Map<string, Promise<string>>();

  run(key: string, body: () => Promise<string>): Promise<string> {
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const started = body().finally(() => this.#running.delete(key));
    this.#running.set(key, started);
    return started;
  }
}
