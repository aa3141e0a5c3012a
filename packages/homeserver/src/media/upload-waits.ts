/** Requests for media that is reserved and not uploaded yet, by its media ID. */
export class UploadWaits {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Resolves when the media comes, after `timeoutMs`, or when `signal` is aborted. */
  wait(mediaId: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const ends = this.#waiting.get(mediaId) ?? new Set();
      this.#waiting.set(mediaId, ends);
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        ends.delete(end);
        if (ends.size === 0 && this.#waiting.get(mediaId) === ends) this.#waiting.delete(mediaId);
        resolve();
      };
      const timer = setTimeout(end, timeoutMs);
      signal.addEventListener('abort', end);
      ends.add(end);
    });
  }

  uploaded(mediaId: string): void {
    for (const end of this.#waiting.get(mediaId) ?? []) end();
  }
}
