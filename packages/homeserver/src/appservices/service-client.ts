import { OutboundClient } from '../outbound/outbound-client.ts';
import type { FollowedResponse } from '../outbound/outbound-client.ts';
import type { ApplicationService } from './application-service.ts';
import { answerBytesMax } from './limits.ts';

export interface ServiceCall {
  readonly method: 'GET' | 'PUT' | 'POST';
  /** Below the service's URL, percent-encoded. */
  readonly path: string;
  /** The path from before there were versions, tried where the other has no success. */
  readonly oldPath?: string;
  readonly query?: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly body?: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface ServiceAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/**
 * Asks application services. The operator has chosen their addresses, so that they may lie inside; time and bytes are
 * bounded all the same.
 */
export class ServiceClient {
  readonly #http: OutboundClient;
  readonly #sendsTokenInQuery: boolean;

  constructor(userAgent: string, sendsTokenInQuery: boolean) {
    this.#sendsTokenInQuery = sendsTokenInQuery;
    this.#http = new OutboundClient({
      addresses: { blacklist: [], whitelist: [] },
      userAgent,
      limits: { bodyBytesMax: answerBytesMax, redirectsMax: 0 },
    });
  }

  /** Any status is an answer. Throws an `OutboundError`; call it only for a service with a URL. */
  async call(service: ApplicationService, call: ServiceCall): Promise<ServiceAnswer> {
    const answer = await this.#request(service, call, call.path);
    if (isSuccess(answer) || call.oldPath === undefined) return answer;
    // Application Service API, "Legacy routes"; the newer answer says more where neither has a success.
    const older = await this.#request(service, call, call.oldPath);
    return isSuccess(older) ? older : answer;
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  async #request(
    { config }: ApplicationService,
    call: ServiceCall,
    path: string,
  ): Promise<ServiceAnswer> {
    if (config.url === undefined) throw new Error(`${config.id} has no URL`);
    const url = new URL(config.url + path);
    for (const [name, value] of Object.entries(call.query ?? {}))
      url.searchParams.append(name, value);
    if (this.#sendsTokenInQuery) url.searchParams.append('access_token', config.hsToken);
    const response: FollowedResponse = await this.#http.request({
      url,
      method: call.method,
      headers: {
        authorization: `Bearer ${config.hsToken}`,
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(call.body === undefined ? {} : { body: call.body }),
      limits: { totalMs: call.timeoutMs, headersMs: call.timeoutMs },
      ...(call.signal === undefined ? {} : { signal: call.signal }),
    });
    return { status: response.status, body: await response.body.bytes() };
  }
}

export function isSuccess({ status }: ServiceAnswer): boolean {
  return status >= 200 && status < 300;
}
