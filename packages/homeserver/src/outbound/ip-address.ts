import { isIPv4, isIPv6 } from 'node:net';

/** An address as its bytes: 4 of IPv4, 16 of IPv6. */
export type IpAddress = Uint8Array;

const IPV6_BYTES = 16;

/** Reads an address as `node:net` takes it; undefined for anything else, such as a name. */
export function parseIpAddress(text: string): IpAddress | undefined {
  if (isIPv4(text)) return Uint8Array.from(text.split('.'), Number);
  // A zone (fe80::1%eth0) says by which interface, not where to.
  return isIPv6(text) ? parseIpv6(text.split('%', 1)[0] ?? text) : undefined;
}

/**
 * The IPv4 addresses that an IPv6 address stands for: where a translator, a tunnel or the kernel takes the packet
 * to. RFC 4291 (mapped, compatible), 2765 and 6052 and 8215 (translated), 3056 (6to4), 4380 (Teredo), 5214 (ISATAP).
 */
export function embeddedIpv4(address: IpAddress): IpAddress[] {
  if (address.length !== IPV6_BYTES) return [];
  const found: IpAddress[] = [];
  const last = address.subarray(12);
  if (LAST_FOUR_PREFIXES.some((prefix) => startsWith(address, prefix))) found.push(last);
  if (startsWith(address, [0x20, 0x02])) found.push(address.subarray(2, 6));
  if (startsWith(address, [0x20, 0x01, 0, 0])) {
    found.push(address.subarray(4, 8));
    found.push(last.map((byte) => byte ^ 0xff));
  }
  if (ISATAP_MARKS.some((mark) => startsWith(address.subarray(8), mark))) found.push(last);
  return found;
}

const ZEROS_10 = Array.from({ length: 10 }, () => 0);
/** The prefixes of 96 bits (or less) before which the last four bytes are an IPv4 address. */
const LAST_FOUR_PREFIXES: readonly (readonly number[])[] = [
  [...ZEROS_10, 0xff, 0xff],
  [...ZEROS_10, 0, 0],
  [...ZEROS_10.slice(2), 0xff, 0xff, 0, 0],
  [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0],
  [0, 0x64, 0xff, 0x9b, 0, 1],
];
const ISATAP_MARKS = [
  [0, 0, 0x5e, 0xfe],
  [2, 0, 0x5e, 0xfe],
];

function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return prefix.every((byte, index) => bytes[index] === byte);
}

function parseIpv6(text: string): IpAddress {
  const [head = '', tail] = text.split('::');
  const first = groupBytes(head);
  const last = tail === undefined ? [] : groupBytes(tail);
  const bytes = new Uint8Array(IPV6_BYTES);
  bytes.set(first, 0);
  bytes.set(last, IPV6_BYTES - last.length);
  return bytes;
}

function groupBytes(side: string): number[] {
  if (side === '') return [];
  return side.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
