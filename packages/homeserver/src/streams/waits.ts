/** Lets others wait for what happens to something, by its key. */
export class Waits<Key, News = void> {
  readonly #waiting = new Map<Key, Set<(news: News) => void>>();

  tell(key: Key, news: News): void {
    for (const hear of this.#waiting.get(key) ?? []) hear(news);
  }

  /** Resolves when such news come, after `timeoutMs`, or when `signal` is aborted. */
  wait(
    key: Key,
    timeoutMs: number,
    { isAwaited = () => true, signal }: WaitOptions<News> = {},
  ): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(key) ?? new Set();
      this.#waiting.set(key, waiting);
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        waiting.delete(hear);
        if (waiting.size === 0 && this.#waiting.get(key) === waiting) this.#waiting.delete(key);
        resolve();
      };
      const hear = (news: News): void => {
        if (isAwaited(news)) end();
      };
      const timer = setTimeout(end, timeoutMs);
      signal?.addEventListener('abort', end);
      waiting.add(hear);
    });
  }
}

export interface WaitOptions<News> {
  readonly isAwaited?: (news: News) => boolean;
  readonly signal?: AbortSignal;
}
