/** The server name in an identifier, parsed or not; empty when it has none. */
export function domainOf(id: string): string {
  const colon = id.indexOf(':');
  return colon === -1 ? '' : id.slice(colon + 1);
}
