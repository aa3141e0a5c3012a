import { canonicalJson, isJsonObject } from '@soma/protocol';
import type { JsonObject, JsonValue } from '@soma/protocol';

import type { FederationConfig } from '../config/config.ts';
import type { OutboundResponse } from '../outbound/exchange.ts';
import { defaultLimits } from '../outbound/limits.ts';
import type { OutboundLimits } from '../outbound/limits.ts';
import { OutboundError } from '../outbound/outbound-error.ts';
import type { Destinations } from './destinations.ts';
import { FederationError, toFederationError } from './federation-error.ts';
import type { FederationTransport } from './federation-transport.ts';
import { jsonBytesMax, smallJsonBytesMax, streamIdleMs, streamTotalMs } from './limits.ts';
import { readJson } from './read-json.ts';
import { pauseBeforeRetry, retriesOf } from './retries.ts';
import type { RetryKind, RetrySettings } from './retries.ts';
import { signRequest } from './sign-request.ts';
import type { RequestSigner } from './sign-request.ts';

export interface FederationRequest {
  /** The server's name, before any delegation. */
  readonly destination: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  /** From `/_matrix/` on, each parameter percent-encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  readonly body?: JsonObject;
  /** In place of `body`: canonical JSON, which is sent as it is. */
  readonly bodyText?: string;
  /** Until the answer is there; for a stream until its head is. Default `federation.client_timeout`. */
  readonly timeoutMs?: number;
  /**
   * How patiently to try again when the server cannot be reached: `short` (the default) where somebody waits,
   * `long` in the background, `none`.
   */
  readonly retries?: RetryKind;
  /** Asks also a server that is left alone because it failed; a failure then does not count. */
  readonly ignoresBackoff?: boolean;
  /** Default true. Keys are asked for, and some media served, without a signature. */
  readonly isSigned?: boolean;
  readonly bodyBytesMax?: number;
  /** Of a stream, from one byte to the next, and for all of it; the defaults are those of media. */
  readonly idleMs?: number;
  readonly totalMs?: number;
  readonly signal?: AbortSignal;
}

export interface FederationClientOptions {
  readonly signer: RequestSigner;
  readonly transport: Pick<FederationTransport, 'send'>;
  readonly destinations: Destinations;
  readonly userAgent: string;
  readonly settings: Pick<FederationConfig, 'clientTimeoutMs' | 'domainWhitelist'> & RetrySettings;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** Statuses by which a server says that it is not up to it, or not for us, for a while. */
const failingStatuses: ReadonlySet<number> = new Set([401, 429]);
/** They come with a 5xx of media, from a server that is well. */
const wellErrcodes: ReadonlySet<unknown> = new Set(['M_TOO_LARGE', 'M_NOT_YET_UPLOADED']);

/**
 * Requests to other servers, by their names: found, proven, signed, within limits, and not made to servers that
 * failed a short while ago. Everything that fails is a {@link FederationError}.
 *
 * @example
 * const path = `/_matrix/federation/v1/user/devices/${encodeURIComponent(userId)}`;
 * const devices = await client.requestJson({ destination, method: 'GET', path });
 */
export class FederationClient {
  readonly #options: FederationClientOptions;
  readonly #allowed: ReadonlySet<string> | undefined;

  constructor(options: FederationClientOptions) {
    this.#options = options;
    const { domainWhitelist } = options.settings;
    this.#allowed = domainWhitelist === undefined ? undefined : new Set(domainWhitelist);
  }

  /** The parsed JSON of a 2xx answer. */
  async requestJson(request: FederationRequest): Promise<JsonValue> {
    const totalMs = request.timeoutMs ?? this.#options.settings.clientTimeoutMs;
    const bodyBytesMax = request.bodyBytesMax ?? jsonBytesMax;
    const limits = { ...defaultLimits, headersMs: totalMs, idleMs: totalMs, totalMs, bodyBytesMax };
    return this.#attempted(request, limits, (answer) => readJson(answer.body, request.destination));
  }

  /** A 2xx answer whose body is still to come; it must be read or discarded. */
  async requestStream(request: FederationRequest): Promise<OutboundResponse> {
    const limits = {
      ...defaultLimits,
      headersMs: request.timeoutMs ?? this.#options.settings.clientTimeoutMs,
      idleMs: request.idleMs ?? streamIdleMs,
      totalMs: request.totalMs ?? streamTotalMs,
      bodyBytesMax: request.bodyBytesMax ?? defaultLimits.bodyBytesMax,
    };
    return this.#attempted(request, limits, async (answer) => answer);
  }

  /** Whether this server federates with that one. */
  allows(serverName: string): boolean {
    return this.#allowed?.has(serverName) !== false;
  }

  async #attempted<T>(
    request: FederationRequest,
    limits: OutboundLimits,
    read: (answer: OutboundResponse) => Promise<T>,
  ): Promise<T> {
    const { destination, ignoresBackoff = false } = request;
    const { destinations } = this.#options;
    if (!this.allows(destination)) {
      throw new FederationError('not-allowed', destination, 'not in federation_domain_whitelist');
    }
    const retryAtMs = ignoresBackoff ? undefined : await destinations.retryAtMs(destination);
    if (retryAtMs !== undefined) {
      const until = new Date(retryAtMs).toISOString();
      throw new FederationError(
        'backing-off',
        destination,
        `failed, and left alone until ${until}`,
      );
    }
    const attempt = await destinations.begin(destination);
    try {
      const answer = await this.#sendPatiently(request, limits);
      if (answer.status >= 300) throw await refusalOf(destination, answer);
      const value = await read(answer);
      attempt.succeeded();
      return value;
    } catch (error) {
      const failure = toFederationError(destination, error);
      if (!ignoresBackoff && isOutage(failure)) attempt.failed();
      throw failure;
    }
  }

  async #sendPatiently(
    request: FederationRequest,
    limits: OutboundLimits,
  ): Promise<OutboundResponse> {
    const { settings, random } = this.#options;
    const { retries: kind = 'short', signal } = request;
    for (let retries = 0; ; retries += 1) {
      try {
        return await this.#send(request, limits);
      } catch (error) {
        const isWorthIt = error instanceof OutboundError && error.failure === 'connection';
        if (!isWorthIt || retries >= retriesOf(kind, settings)) throw error;
        await pauseBeforeRetry(kind, retries, settings, random(), signal);
      }
    }
  }

  #send(request: FederationRequest, limits: OutboundLimits): Promise<OutboundResponse> {
    const { destination, method, body, signal, isSigned = true } = request;
    const uri = uriOf(request);
    const contentText = request.bodyText ?? (body === undefined ? undefined : canonicalJson(body));
    const { signer, transport, userAgent } = this.#options;
    const headers = {
      accept: 'application/json',
      'accept-encoding': 'gzip, br',
      'user-agent': userAgent,
      ...(contentText === undefined ? {} : { 'content-type': 'application/json' }),
      ...(isSigned
        ? { authorization: signRequest({ method, uri, destination }, contentText, signer) }
        : {}),
    };
    return transport.send(destination, { method, uri, headers, body: contentText, signal }, limits);
  }
}

function uriOf({ path, query = {} }: FederationRequest): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? value : [value]) search.append(name, String(each));
  }
  return search.size === 0 ? path : `${path}?${search.toString()}`;
}

async function refusalOf(destination: string, answer: OutboundResponse): Promise<FederationError> {
  const { status } = answer;
  const body = await readJson(answer.body, destination, smallJsonBytesMax).catch(() => undefined);
  const details = { status, body: isJsonObject(body) ? body : undefined };
  return new FederationError('refused', destination, `answered ${status}`, details);
}

/** Whether the server is to be left alone for a while. */
function isOutage(error: unknown): boolean {
  if (!(error instanceof FederationError)) return false;
  if (error.failure === 'unreachable') {
    return !(error.cause instanceof OutboundError && error.cause.failure === 'aborted');
  }
  const { status, body } = error;
  if (status === undefined || wellErrcodes.has(body?.['errcode'])) return false;
  return status >= 500 || failingStatuses.has(status);
}
