const HOST_AND_PORT = /^(\[[0-9A-Fa-f:.]{2,45}\]|[0-9A-Za-z.-]{1,255})(?::[0-9]{1,5})?$/;
const IPV4 =
  /^(?:0*(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}0*(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])$/;
const IPV4_SHAPE = /^[0-9]{1,3}(?:\.[0-9]{1,3}){3}$/;
const IPV6_GROUP = /^[0-9A-Fa-f]{1,4}$/;

/**
 * Whether a text is a server name: IPv4 literal, bracketed IPv6 literal or DNS name, and an optional port of one
 * to five digits (spec: Appendices, "Server Name").
 */
export function isServerName(text: string): boolean {
  const host = HOST_AND_PORT.exec(text)?.[1];
  if (host === undefined) return false;
  return !host.startsWith('[') || isIpv6(host.slice(1, -1));
}

/**
 * The server name without its port: `[::1]` for `[::1]:8448`.
 *
 * @example
 * ```ts
 * hostOf('example.org:8448'); // => 'example.org'
 * hostOf('[::1]:8448'); // => '[::1]'
 * ```
 */
export function hostOf(serverName: string): string {
  const end = serverName.startsWith('[') ? serverName.indexOf(']') + 1 : serverName.indexOf(':');
  return end <= 0 ? serverName : serverName.slice(0, end);
}

/**
 * Whether the host of a server name is an IPv4 or a bracketed IPv6 literal.
 *
 * @example
 * ```ts
 * isIpLiteral('192.0.2.1:8448'); // => true
 * isIpLiteral('192.0.2.1.example.org'); // => false
 * ```
 */
export function isIpLiteral(serverName: string): boolean {
  const host = hostOf(serverName);
  return host.startsWith('[') || isIpv4(host);
}

function isIpv4(text: string): boolean {
  return IPV4_SHAPE.test(text) && IPV4.test(text);
}

// RFC 3513, section 2.2: eight groups, one run of which may be written as `::`, the last two as an IPv4 address.
function isIpv6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const [head, tail] = halves;
  if (head === undefined) return false;
  const headGroups = countGroups(head, tail === undefined);
  if (tail === undefined) return headGroups === 8;
  const tailGroups = countGroups(tail, true);
  return headGroups >= 0 && tailGroups >= 0 && headGroups + tailGroups <= 7;
}

// The number of 16-bit groups in one side of an address, -1 when it is malformed.
function countGroups(side: string, mayEndInIpv4: boolean): number {
  if (side === '') return 0;
  const groups = side.split(':');
  const last = groups.at(-1) ?? '';
  const endsInIpv4 = mayEndInIpv4 && isIpv4(last);
  const hexGroups = endsInIpv4 ? groups.slice(0, -1) : groups;
  if (!hexGroups.every((group) => IPV6_GROUP.test(group))) return -1;
  return hexGroups.length + (endsInIpv4 ? 2 : 0);
}
