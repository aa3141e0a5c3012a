import { listOf } from './schema/compounds.ts';
import { ipRange } from './schema/ip-range.ts';
import { option } from './schema/option.ts';
import { text } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';

export type OutboundConfig = SectionValue<typeof outboundSection>;

/** What no server on the public internet has as its address: Synapse's list. */
const PRIVATE_RANGES = [
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '192.0.0.0/24',
  '169.254.0.0/16',
  '192.88.99.0/24',
  '198.18.0.0/15',
  '192.0.2.0/24',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '::1/128',
  'fe80::/10',
  'fc00::/7',
  '2001:db8::/32',
  'ff00::/8',
  'fec0::/10',
];

const proxyUrl = text(
  'the address of a proxy, such as http://proxy.example.org:3128',
  (value) =>
    URL.canParse(withScheme(value)) && /^https?:$/.test(new URL(withScheme(value)).protocol),
);

export const outboundSection = section(
  'Reaching other servers',
  {
    ipRangeBlacklist: option({
      name: 'ip_range_blacklist',
      valueType: listOf(ipRange),
      default: PRIVATE_RANGES,
      description:
        'Addresses that are never connected to when the address comes from outside: other ' +
        'homeservers, push gateways, identity servers. IPv6 forms of an IPv4 range (mapped, 6to4, ' +
        'NAT64) are part of it. `0.0.0.0` and `::` always are.',
    }),
    ipRangeWhitelist: option({
      name: 'ip_range_whitelist',
      valueType: listOf(ipRange),
      default: [],
      description: 'Addresses that may be connected to although the blacklist has them.',
      example: ['192.168.1.1'],
    }),
    httpProxy: option({
      name: 'http_proxy',
      valueType: proxyUrl,
      description:
        'The proxy through which `http://` addresses are reached; the environment variable ' +
        '`http_proxy` when it is left out. A proxy looks names up itself, so the address ranges ' +
        'above hold only for addresses that are written as numbers.',
      example: 'http://proxy.example.org:3128',
    }),
    httpsProxy: option({
      name: 'https_proxy',
      valueType: proxyUrl,
      description:
        'The proxy through which `https://` addresses are reached, other homeservers included; the ' +
        'environment variable `https_proxy` when it is left out.',
      example: 'http://proxy.example.org:3128',
    }),
    noProxyHosts: option({
      name: 'no_proxy_hosts',
      valueType: listOf(text('a host name, with its subdomains, or an address')),
      description:
        'Hosts that are reached without a proxy, with their subdomains; the environment variable ' +
        '`no_proxy` when it is left out.',
      example: ['master.example.org', '10.1.0.1'],
    }),
  },
  (values) => ({
    ipRangeBlacklist: values.ipRangeBlacklist,
    ipRangeWhitelist: values.ipRangeWhitelist,
    proxy: {
      httpProxy: withSchemeOr(values.httpProxy, fromEnvironment('http_proxy')),
      httpsProxy: withSchemeOr(values.httpsProxy, fromEnvironment('https_proxy')),
      noProxyHosts: values.noProxyHosts ?? (fromEnvironment('no_proxy') ?? '').split(','),
    },
  }),
);

function fromEnvironment(name: string): string | undefined {
  const value = process.env[name] ?? process.env[name.toUpperCase()];
  return value === '' ? undefined : value;
}

/** Proxies are often written without a scheme; then it is http, as in Synapse. */
function withScheme(value: string): string {
  return value.includes('://') ? value : `http://${value}`;
}

function withSchemeOr(value: string | undefined, other: string | undefined): string | undefined {
  const chosen = value ?? other;
  return chosen === undefined ? undefined : withScheme(chosen);
}
