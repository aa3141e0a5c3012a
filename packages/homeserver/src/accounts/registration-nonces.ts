import { randomBytes } from 'node:crypto';

const LIFETIME_MS = 60_000;
/** Anyone may ask for one: beyond this many the oldest are forgotten. */
const NONCES_MAX = 10_000;
const NONCE_BYTES = 64;

/** Nonces of registrations by shared secret: each is good for one try within a minute. */
export class RegistrationNonces {
  readonly #now: () => number;
  /** Until when each is good, oldest first. */
  readonly #expiries = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  issue(): string {
    const nonce = randomBytes(NONCE_BYTES).toString('hex');
    const nowMs = this.#now();
    for (const [each, expiryMs] of this.#expiries) {
      if (expiryMs > nowMs && this.#expiries.size < NONCES_MAX) break;
      this.#expiries.delete(each);
    }
    this.#expiries.set(nonce, nowMs + LIFETIME_MS);
    return nonce;
  }

  /** Whether it was good; it is not any more. */
  spend(nonce: string): boolean {
    const expiryMs = this.#expiries.get(nonce);
    this.#expiries.delete(nonce);
    return expiryMs !== undefined && expiryMs > this.#now();
  }
}
