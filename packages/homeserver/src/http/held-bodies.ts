import { limitExceeded } from '../errors/matrix-error.ts';
import type { Exchange } from './exchange.ts';
import {
  heldBodyTimeoutMs,
  heldBytesMax,
  heldBytesOfAddressMax,
  retryHeldMs,
  smallBodyBytesMax,
} from './limits.ts';

/**
 * What is in memory of the bodies of those who have not said yet who they are: anybody can send such, and then wait. Small
 * bodies do not count, so that who sends too much takes nothing from others at its address but what is large.
 */
export class HeldBodies {
  readonly #timeoutMs: number;
  readonly #ofAddresses = new Map<string, number>();
  #total = 0;

  /** @param timeoutMs by when a body must be there */
  constructor(timeoutMs = heldBodyTimeoutMs) {
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Counts the pieces of a request's body as they come, until its response is closed. What it returns throws
   * `429 M_LIMIT_EXCEEDED` where too much is held.
   */
  counterFor(exchange: Exchange): (bytes: number) => void {
    const address = exchange.clientAddress;
    let length = 0;
    let held = 0;
    return (bytes) => {
      length += bytes;
      const added = Math.min(bytes, length - smallBodyBytesMax);
      if (added <= 0) return;
      const ofAddress = (this.#ofAddresses.get(address) ?? 0) + added;
      if (ofAddress > heldBytesOfAddressMax || this.#total + added > heldBytesMax) {
        throw limitExceeded(retryHeldMs);
      }
      if (held === 0) {
        exchange.response.once('close', () => this.#add(address, -held));
        this.#cutOffInTime(exchange);
      }
      held += added;
      this.#add(address, added);
    };
  }

  #cutOffInTime({ incoming }: Exchange): void {
    const timer = setTimeout(() => incoming.destroy(), this.#timeoutMs);
    incoming.once('close', () => clearTimeout(timer));
  }

  #add(address: string, bytes: number): void {
    this.#total += bytes;
    const ofAddress = (this.#ofAddresses.get(address) ?? 0) + bytes;
    if (ofAddress === 0) this.#ofAddresses.delete(address);
    else this.#ofAddresses.set(address, ofAddress);
  }
}
