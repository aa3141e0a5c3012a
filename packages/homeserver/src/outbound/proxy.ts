import { isIP } from 'node:net';

export interface ProxySettings {
  readonly httpProxy: string | undefined;
  readonly httpsProxy: string | undefined;
  /** Names with their subdomains, addresses, each optionally with a port; `*` is everything. */
  readonly noProxyHosts: readonly string[];
}

export const NO_PROXY: ProxySettings = {
  httpProxy: undefined,
  httpsProxy: undefined,
  noProxyHosts: [],
};

/** The proxy through which an address is reached, as Python's urllib and so Synapse chooses. */
export function proxyFor(url: URL, settings: ProxySettings): string | undefined {
  const proxy = url.protocol === 'https:' ? settings.httpsProxy : settings.httpProxy;
  if (proxy === undefined) return undefined;
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const isExcepted = settings.noProxyHosts.some((entry) => covers(entry, host, url.host));
  return isExcepted ? undefined : proxy;
}

function covers(entry: string, host: string, hostAndPort: string): boolean {
  const name = entry.trim().toLowerCase().replace(/^\./, '');
  if (name === '') return false;
  if (name === '*') return true;
  const candidates = isIP(host) === 0 ? [host, hostAndPort] : [host];
  return candidates.some((each) => each === name || each.endsWith(`.${name}`));
}
