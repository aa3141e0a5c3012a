import { embeddedIpv4, parseIpAddress } from './ip-address.ts';
import type { IpAddress } from './ip-address.ts';

/** Which addresses may be connected to. */
export interface AddressPolicy {
  /** `address` as the system writes it; what is no address is not allowed. */
  allows(address: string): boolean;
}

export interface AddressRanges {
  /** Addresses and ranges, such as `10.0.0.0/8`. */
  readonly blacklist: readonly string[];
  /** Exceptions to the blacklist. */
  readonly whitelist: readonly string[];
}

interface Range {
  readonly address: IpAddress;
  readonly prefixBits: number;
}

/** Connects to this machine, whatever the operator's ranges. */
const UNSPECIFIED = ['0.0.0.0/8', '::/128'];

/**
 * The policy of a pair of lists, as Synapse reads them: what the whitelist has is allowed, and of the rest what the
 * blacklist does not have. An IPv6 address that stands for an IPv4 address is judged as both.
 */
export function addressPolicy({ blacklist, whitelist }: AddressRanges): AddressPolicy {
  const blocked = [...blacklist, ...UNSPECIFIED].map(parseRange);
  const excepted = whitelist.map(parseRange);
  return {
    allows(text) {
      const address = parseIpAddress(text);
      if (address === undefined) return false;
      if (isIn(excepted, address)) return true;
      return [address, ...embeddedIpv4(address)].every(
        (form) => !isIn(blocked, form) || isIn(excepted, form),
      );
    },
  };
}

function parseRange(text: string): Range {
  const [addressText = '', prefix] = text.split('/');
  const address = parseIpAddress(addressText);
  if (address === undefined) throw new Error(`${text} is not a range of addresses`);
  const prefixBits = prefix === undefined ? address.length * 8 : Number(prefix);
  return { address, prefixBits };
}

function isIn(ranges: readonly Range[], address: IpAddress): boolean {
  return ranges.some((range) => contains(range, address));
}

function contains(range: Range, address: IpAddress): boolean {
  if (range.address.length !== address.length) return false;
  const wholeBytes = range.prefixBits >> 3;
  for (let index = 0; index < wholeBytes; index += 1) {
    if (range.address[index] !== address[index]) return false;
  }
  const restBits = range.prefixBits & 7;
  if (restBits === 0) return true;
  const difference = (range.address[wholeBytes] ?? 0) ^ (address[wholeBytes] ?? 0);
  return difference >> (8 - restBits) === 0;
}
