import { addressPolicy } from './address-policy.ts';
import type { AddressRanges } from './address-policy.ts';
import { Connections } from './connections.ts';
import type { ResolveHost, TlsSettings } from './connector.ts';
import { Deadline } from './deadline.ts';
import { exchange } from './exchange.ts';
import type { ExchangeRequest, OutboundResponse } from './exchange.ts';
import { defaultLimits } from './limits.ts';
import type { OutboundLimits } from './limits.ts';
import { OutboundError } from './outbound-error.ts';
import { NO_PROXY } from './proxy.ts';
import type { ProxySettings } from './proxy.ts';
import { systemResolver } from './system-resolver.ts';

export interface OutboundClientOptions {
  /** Whom this client may reach: `ip_range_blacklist` and `_whitelist`, or a caller's own pair. */
  readonly addresses: AddressRanges;
  readonly userAgent: string;
  readonly proxy?: ProxySettings;
  /** Instead of {@link defaultLimits}. */
  readonly limits?: Partial<OutboundLimits>;
  /** How servers prove themselves, if not by a certificate that the system trusts. */
  readonly tls?: () => TlsSettings;
  /** Default the system's. */
  readonly resolveHost?: ResolveHost;
}

export interface OutboundRequest {
  readonly url: string | URL;
  /** Default GET. Redirects of a GET or HEAD are followed, others are answers. */
  readonly method?: ExchangeRequest['method'];
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Instead of the client's. */
  readonly limits?: Partial<OutboundLimits>;
  /** Refuses `http://`, also as the target of a redirect. */
  readonly httpsOnly?: boolean;
  /** Gives the request up, also while its body is read. */
  readonly signal?: AbortSignal;
}

export interface FollowedResponse extends OutboundResponse {
  /** Where the answer came from, after redirects. */
  readonly url: URL;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * The way to any address that somebody outside has chosen: link previews, push gateways, identity servers,
 * `.well-known` files.
 *
 * - Only `http:` and `https:`. A name is resolved once per connection, and the connection goes to one of the
 *   addresses that were checked, so no later DNS answer matters. An address in a number form (`0x7f.1`,
 *   `2130706433`) is checked as what it means. Each redirect is checked like a request of its own.
 * - Time to connect, to the head, between pieces of the body and in all; bytes of the body before and after
 *   decompression, and their ratio; and redirects are bounded ({@link OutboundLimits}).
 * - The body is a stream with back pressure.
 *
 * Every failure is an `OutboundError`, whose `failure` tells them apart; every HTTP status is an answer.
 *
 * @example
 * const client = new OutboundClient({
 *   addresses: { blacklist: config.urlPreviewIpRangeBlacklist, whitelist: [] },
 *   userAgent: 'Soma (bot)',
 *   proxy: config.outbound.proxy,
 *   limits: { totalMs: 20_000, bodyBytesMax: 1024 * 1024 },
 * });
 * const answer = await client.request({ url, headers: { accept: 'text/html' } });
 * if (answer.status === 200) {
 *   for await (const chunk of answer.body) parser.write(chunk); // or: await answer.body.bytes()
 * } else {
 *   answer.body.discard();
 * }
 * await client.close();
 */
export class OutboundClient {
  readonly #connections: Connections;
  readonly #limits: OutboundLimits;
  readonly #userAgent: string;
  readonly #tls: (() => TlsSettings) | undefined;

  constructor(options: OutboundClientOptions) {
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#userAgent = options.userAgent;
    this.#tls = options.tls;
    this.#connections = new Connections({
      policy: addressPolicy(options.addresses),
      resolveHost: options.resolveHost ?? systemResolver,
      proxy: options.proxy ?? NO_PROXY,
      connectTimeoutMs: this.#limits.connectMs,
    });
  }

  /** The answer with its head; its body must be read or discarded. Throws an {@link OutboundError}. */
  async request(request: OutboundRequest): Promise<FollowedResponse> {
    const limits = { ...this.#limits, ...request.limits };
    const deadline = new Deadline(limits.totalMs, request.signal);
    try {
      return await this.#follow(request, limits, deadline);
    } catch (error) {
      deadline.clear();
      throw error;
    }
  }

  /** Ends all connections; running requests fail. */
  close(): Promise<void> {
    return this.#connections.close();
  }

  async #follow(
    request: OutboundRequest,
    limits: OutboundLimits,
    deadline: Deadline,
  ): Promise<FollowedResponse> {
    const { method = 'GET', body, httpsOnly = false } = request;
    let url = checkedUrl(request.url, undefined, httpsOnly);
    let headers: Readonly<Record<string, string>> = {
      'user-agent': this.#userAgent,
      'accept-encoding': 'gzip, br',
      ...request.headers,
    };
    for (let redirects = 0; redirects <= limits.redirectsMax; redirects += 1) {
      const { origin, pathname, search } = url;
      const dispatcher = await this.#connections.dispatcherTo(url, '', this.#tls?.());
      const sent = { method, origin, path: pathname + search, headers, body };
      const answer = await exchange(dispatcher, sent, limits, deadline);
      const location = redirectOf(method, answer);
      if (location === undefined) return { ...answer, url };
      answer.body.release();
      const next = checkedUrl(location, url, httpsOnly);
      if (next.origin !== origin) headers = withoutCredentials(headers);
      url = next;
    }
    throw new OutboundError('too-many-redirects', `more than ${limits.redirectsMax} redirects`);
  }
}

function redirectOf(method: string, answer: OutboundResponse): string | undefined {
  const isFollowed = (method === 'GET' || method === 'HEAD') && REDIRECTS.has(answer.status);
  return isFollowed ? answer.header('location') : undefined;
}

function checkedUrl(text: string | URL, base: URL | undefined, httpsOnly: boolean): URL {
  const url = URL.parse(String(text), base?.href);
  if (url === null) throw new OutboundError('refused', 'that is not a URL');
  const schemes = httpsOnly ? ['https:'] : ['http:', 'https:'];
  if (!schemes.includes(url.protocol)) {
    throw new OutboundError('refused', `${url.protocol} is not a scheme that is followed`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new OutboundError('refused', 'a URL with a user name or a password is not followed');
  }
  return url;
}

/** What was meant for one server is not for the one that it points to. */
function withoutCredentials(
  headers: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const { authorization: _authorization, cookie: _cookie, ...others } = headers;
  return others;
}
