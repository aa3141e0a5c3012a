import { isIP } from 'node:net';

import { text } from './scalars.ts';
import type { ValueType } from './value-type.ts';

const PREFIX_BITS_MAX: Readonly<Record<number, number>> = { 4: 32, 6: 128 };

/** An address, or a range of them as an address and the number of its fixed bits. */
export const ipRange: ValueType<string> = text(
  'an IP address or a range such as 10.0.0.0/8 or fc00::/7',
  isIpRange,
);

function isIpRange(value: string): boolean {
  const [address = '', prefix, ...more] = value.split('/');
  const bitsMax = PREFIX_BITS_MAX[isIP(address)];
  if (bitsMax === undefined || address.includes('%') || more.length > 0) return false;
  return prefix === undefined || (/^[0-9]{1,3}$/.test(prefix) && Number(prefix) <= bitsMax);
}
