/** As long as a session of interactive authentication. */
const LIFETIME_MS = 48 * 60 * 60 * 1000;

interface Pending {
  readonly token: string;
  readonly untilMs: number;
}

/**
 * Registrations that have shown a token and are not finished. They are in memory, as the sessions of interactive
 * authentication that they belong to, and end with them.
 */
export class PendingRegistrations {
  readonly #now: () => number;
  /** By session, oldest first. */
  readonly #bySession = new Map<string, Pending>();

  constructor(now: () => number) {
    this.#now = now;
  }

  add(sessionId: string, token: string): void {
    this.#bySession.delete(sessionId);
    this.#bySession.set(sessionId, { token, untilMs: this.#now() + LIFETIME_MS });
  }

  remove(sessionId: string): void {
    this.#bySession.delete(sessionId);
  }

  /** How many have shown the token. */
  count(token: string): number {
    const nowMs = this.#now();
    let count = 0;
    for (const [sessionId, pending] of this.#bySession) {
      if (pending.untilMs <= nowMs) this.#bySession.delete(sessionId);
      else if (pending.token === token) count += 1;
    }
    return count;
  }
}
