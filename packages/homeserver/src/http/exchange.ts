import type { IncomingMessage, ServerResponse } from 'node:http';

import type { ServerName } from '@soma/protocol';

import type { AnyRequest, HttpMethod, Requester } from './endpoint.ts';
import { requestIdLengthMax } from './limits.ts';
import { findInQuery } from './parameters.ts';
import type { PathParams, Route } from './route.ts';
import type { RunningRequests } from './running-requests.ts';
import type { EndTurn } from './server-rate-limit.ts';

/** How requests of one listener are read. */
export interface ListenerTraits {
  /** Whether a reverse proxy in front tells the client's address in X-Forwarded-For. */
  readonly xForwarded: boolean;
  /** The header, in lower case, in which a reverse proxy gives a request its id. */
  readonly requestIdHeader?: string;
}

const noParams: PathParams = Object.freeze({});
// How an IPv4 client is shown on a socket that is bound to `::`.
const mappedIpv4 = '::ffff:';

/**
 * One request and its response. It is also what handlers get as their request; what few of them ask
 * for is made when asked.
 */
export class Exchange implements AnyRequest {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  readonly startedAtMs: number;
  readonly target: string;
  readonly path: string;
  /** What follows the question mark. */
  readonly queryText: string;
  readonly traits: ListenerTraits;
  readonly running: RunningRequests;
  route: Route | undefined;
  /** As the router found them, before the endpoint's schema. */
  pathParams: PathParams = noParams;
  params: unknown;
  query: unknown;
  body: unknown;
  requester: Requester | undefined;
  origin: ServerName | undefined;
  /** Lets the next request of the same server have its turn. */
  endTurn: EndTurn | undefined;
  accessToken: string | undefined;
  #aborter: AbortController | undefined;

  constructor(
    incoming: IncomingMessage,
    response: ServerResponse,
    traits: ListenerTraits,
    running: RunningRequests,
  ) {
    this.incoming = incoming;
    this.response = response;
    this.traits = traits;
    this.running = running;
    this.startedAtMs = performance.now();
    this.target = incoming.url ?? '/';
    const questionMark = this.target.indexOf('?');
    this.path = questionMark === -1 ? this.target : this.target.slice(0, questionMark);
    this.queryText = questionMark === -1 ? '' : this.target.slice(questionMark + 1);
    this.requestId = this.#givenId() ?? running.nextId();
  }

  get method(): HttpMethod {
    return this.route?.endpoint.method ?? 'GET';
  }

  get clientAddress(): string {
    if (this.traits.xForwarded) {
      const first = this.header('x-forwarded-for')?.split(',', 1)[0]?.trim();
      if (first !== undefined && first !== '') return first;
    }
    const address = this.incoming.socket.remoteAddress ?? '';
    return address.startsWith(mappedIpv4) ? address.slice(mappedIpv4.length) : address;
  }

  get userAgent(): string {
    return this.incoming.headers['user-agent'] ?? '';
  }

  get signal(): AbortSignal {
    if (this.#aborter === undefined) {
      const aborter = new AbortController();
      this.#aborter = aborter;
      this.running.addAbortable(this);
      if (this.response.closed) this.abort('The client went away');
      this.response.once('close', () => this.abort('The client went away'));
    }
    return this.#aborter.signal;
  }

  /** Tells the handler, if it has asked for the signal. */
  abort(reason: string): void {
    this.#aborter?.abort(new DOMException(reason, 'AbortError'));
  }

  header(name: string): string | undefined {
    const value = this.incoming.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  queryParameter(name: string): string | undefined {
    return this.queryText === '' ? undefined : findInQuery(this.queryText, name);
  }

  #givenId(): string | undefined {
    const { requestIdHeader } = this.traits;
    if (requestIdHeader === undefined) return undefined;
    return this.header(requestIdHeader)?.slice(0, requestIdLengthMax);
  }
}
