/** The rooms of other servers that users of this one are about to join. */
export class JoinsUnderWay {
  readonly #joins = new Map<string, Promise<void>>();

  /** Whether the join was made; not where another of the same room was under way, which has ended now. */
  async alone(roomId: string, join: () => Promise<void>): Promise<boolean> {
    const other = this.#joins.get(roomId);
    if (other !== undefined) {
      await other.catch(() => undefined);
      return false;
    }
    const own = join();
    this.#joins.set(roomId, own);
    try {
      await own;
    } finally {
      this.#joins.delete(roomId);
    }
    return true;
  }

  /** Resolves when no join of the room is under way, or the time is over: to whether one was. */
  async ended(roomId: string, timeoutMs: number): Promise<boolean> {
    const join = this.#joins.get(roomId);
    if (join === undefined) return false;
    let timer: NodeJS.Timeout | undefined;
    const time = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([join.catch(() => undefined), time]);
    clearTimeout(timer);
    return true;
  }
}
