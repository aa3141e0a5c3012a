import { hostOf, isIpLiteral } from '@soma/protocol';

import type { Connections } from '../outbound/connections.ts';
import { Deadline } from '../outbound/deadline.ts';
import { exchange } from '../outbound/exchange.ts';
import type { ExchangeRequest, OutboundResponse } from '../outbound/exchange.ts';
import type { OutboundLimits } from '../outbound/limits.ts';
import { OutboundError } from '../outbound/outbound-error.ts';
import { discoverServer } from './discovery/discover-server.ts';
import type { Discovery, Route } from './discovery/discover-server.ts';
import type { FederationTls } from './federation-tls.ts';
import { routesTriedMax } from './limits.ts';

export type TransportRequest = Omit<ExchangeRequest, 'origin' | 'path'> & {
  /** Path and query, as they are signed. */
  readonly uri: string;
  readonly signal?: AbortSignal | undefined;
};

export interface FederationTransportOptions {
  readonly discovery: Discovery;
  readonly connections: Connections;
  readonly tls: FederationTls;
}

/** Brings requests to servers by their names, wherever these lead. */
export class FederationTransport {
  readonly #options: FederationTransportOptions;

  constructor(options: FederationTransportOptions) {
    this.#options = options;
  }

  /** Any status is an answer; throws an OutboundError when none of the server's targets gives one. */
  async send(
    serverName: string,
    request: TransportRequest,
    limits: OutboundLimits,
  ): Promise<OutboundResponse> {
    const routes = await discoverServer(serverName, this.#options.discovery);
    let lastError: unknown = new OutboundError('unresolved', `${serverName} has no target`);
    for (const route of routes.slice(0, routesTriedMax)) {
      const deadline = new Deadline(limits.totalMs, request.signal);
      try {
        return await this.#sendBy(route, request, limits, deadline);
      } catch (error) {
        deadline.clear();
        if (!isOfRoute(error)) throw error;
        lastError = error;
      }
    }
    throw lastError;
  }

  async #sendBy(
    { host, port, hostHeader }: Route,
    { uri, headers, ...request }: TransportRequest,
    limits: OutboundLimits,
    deadline: Deadline,
  ): Promise<OutboundResponse> {
    const origin = URL.parse(`https://${host}:${port}`);
    if (origin === null) throw new OutboundError('unresolved', `${host} is not a host`);
    const certified = hostOf(hostHeader);
    const tls = this.#options.tls.settingsFor(certified, isIpLiteral(certified));
    const dispatcher = await this.#options.connections.dispatcherTo(origin, certified, tls);
    const sent = {
      ...request,
      origin: origin.origin,
      path: uri,
      headers: { ...headers, host: hostHeader },
    };
    return exchange(dispatcher, sent, limits, deadline);
  }
}

/** Whether another target of the same server may still answer. */
function isOfRoute(error: unknown): boolean {
  return (
    error instanceof OutboundError &&
    ['connection', 'certificate', 'unresolved', 'refused', 'timeout'].includes(error.failure)
  );
}
