import type { Dispatcher } from 'undici';

import type { Deadline } from './deadline.ts';
import type { OutboundLimits } from './limits.ts';
import { OutboundError, toOutboundError } from './outbound-error.ts';
import { ResponseBody } from './response-body.ts';

export interface ExchangeRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** `https://host:port` */
  readonly origin: string;
  /** With its query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
}

export interface OutboundResponse {
  readonly status: number;
  /** Undefined if it is absent; several of one name are joined with commas. */
  header(name: string): string | undefined;
  readonly body: ResponseBody;
}

/** One request and its answer, without redirects. Throws an {@link OutboundError}. */
export async function exchange(
  dispatcher: Dispatcher,
  request: ExchangeRequest,
  limits: OutboundLimits,
  deadline: Deadline,
): Promise<OutboundResponse> {
  const { method, origin, path, headers, body } = request;
  const { signal } = deadline;
  try {
    const answer = await dispatcher.request({
      method,
      origin,
      path,
      headers,
      body: body ?? null,
      signal,
      headersTimeout: limits.headersMs,
      bodyTimeout: limits.idleMs,
    });
    const header = (name: string): string | undefined => {
      const value = answer.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    };
    const encoding = header('content-encoding') ?? '';
    const responseBody = new ResponseBody(answer.body, encoding, limits, deadline);
    if (method !== 'HEAD' && Number(header('content-length') ?? 0) > limits.bodyBytesMax) {
      responseBody.discard();
      throw new OutboundError('too-large', `the body is larger than ${limits.bodyBytesMax} bytes`);
    }
    return { status: answer.statusCode, header, body: responseBody };
  } catch (error) {
    throw signal.aborted ? toOutboundError(signal.reason) : toOutboundError(error);
  }
}
