import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

import type { PendingSignIn } from './identity-provider.ts';
import { signInLifetimeMs } from './limits.ts';

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

interface Sealed {
  readonly pending: PendingSignIn;
  readonly untilTs: number;
}

/**
 * Keeps begun sign-ins where they cost nothing: sealed, in the browser. Anyone may begin one, so that a list of them
 * in memory could be filled. The key lives as long as the process: after a restart people begin again.
 */
export class SignInSeal {
  readonly #key = randomBytes(KEY_BYTES);
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  seal(pending: PendingSignIn): string {
    const content: Sealed = { pending, untilTs: this.#now() + signInLifetimeMs };
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv);
    const body = Buffer.concat([cipher.update(JSON.stringify(content)), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url');
  }

  /** Undefined for what was not sealed here, or too long ago. */
  open(sealed: string): PendingSignIn | undefined {
    const bytes = Buffer.from(sealed, 'base64url');
    if (bytes.length <= IV_BYTES + TAG_BYTES) return undefined;
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, IV_BYTES));
    decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    const body = decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES));
    try {
      const text = Buffer.concat([body, decipher.final()]).toString();
      // Only what `seal` has made passes the check of the tag.
      const { pending, untilTs } = JSON.parse(text) as Sealed;
      return this.#now() < untilTs ? pending : undefined;
    } catch {
      return undefined;
    }
  }
}
