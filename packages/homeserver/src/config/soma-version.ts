import { readFileSync } from 'node:fs';

import { readCheckout } from './checkout.ts';

/** The version of Soma, as in its package.json. */
export function somaVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const content: unknown = JSON.parse(text);
  if (typeof content === 'object' && content !== null && 'version' in content) {
    return String(content.version);
  }
  throw new Error('package.json has no version');
}

/** With branch and commit when it runs from a checkout, as Synapse writes them: `0.1.0 (b=main,1234567890)`. */
export function detailedVersion(): string {
  const checkout = readCheckout();
  if (checkout === undefined) return somaVersion();
  const { branch, commit } = checkout;
  return `${somaVersion()} (${branch === undefined ? '' : `b=${branch},`}${commit})`;
}
