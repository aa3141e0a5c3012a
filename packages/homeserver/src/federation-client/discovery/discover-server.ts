import { hostOf, isIpLiteral } from '@soma/protocol';

import { OutboundError } from '../../outbound/outbound-error.ts';
import type { SrvRecords } from './srv-records.ts';
import type { WellKnown } from './well-known.ts';

/** One way to a server. */
export interface Route {
  /** A name to look up, or an address; IPv6 in brackets. */
  readonly host: string;
  readonly port: number;
  /** The `Host` header; its host is also what the certificate must be for, and the SNI if it is a name. */
  readonly hostHeader: string;
}

export interface Discovery {
  readonly wellKnown: Pick<WellKnown, 'delegateOf'>;
  readonly srv: Pick<SrvRecords, 'lookUp'>;
}

const defaultPort = 8448;
const portMax = 65_535;

/**
 * The ways to a server, best first (spec: Server-Server API, "Resolving server names"; the numbers are its).
 * Throws an OutboundError for a server that says it has none.
 */
export async function discoverServer(
  serverName: string,
  { wellKnown, srv }: Discovery,
): Promise<readonly Route[]> {
  // 1. and 2. An address, or a port
  const explicit = explicitRoute(serverName);
  if (explicit !== undefined) return [explicit];
  // 3. `.well-known`
  const delegate = await wellKnown.delegateOf(serverName);
  if (delegate !== undefined) {
    // 3.1. and 3.2.
    const delegated = explicitRoute(delegate);
    if (delegated !== undefined) return [delegated];
  }
  // 3.3. to 3.5., or 4. to 6.
  return routesByName(delegate ?? serverName, srv);
}

function explicitRoute(serverName: string): Route | undefined {
  const host = hostOf(serverName);
  const port = host.length === serverName.length ? undefined : serverName.slice(host.length + 1);
  if (port === undefined && !isIpLiteral(serverName)) return undefined;
  return routeTo(host, port === undefined ? defaultPort : Number(port), serverName);
}

async function routesByName(
  hostname: string,
  srv: Pick<SrvRecords, 'lookUp'>,
): Promise<readonly Route[]> {
  for (const service of ['_matrix-fed._tcp', '_matrix._tcp']) {
    const records = await srv.lookUp(`${service}.${hostname}`);
    if (records.length === 0) continue;
    // RFC 2782: the name "." says that the service is not offered.
    const targets = records.filter(({ name }) => name !== '' && name !== '.');
    if (targets.length === 0)
      throw new OutboundError('unresolved', `${hostname} offers no service`);
    return targets.map(({ name, port }) => routeTo(name.replace(/\.$/, ''), port, hostname));
  }
  return [routeTo(hostname, defaultPort, hostname)];
}

function routeTo(host: string, port: number, hostHeader: string): Route {
  if (port < 1 || port > portMax) throw new OutboundError('unresolved', `${port} is not a port`);
  return { host, port, hostHeader };
}
