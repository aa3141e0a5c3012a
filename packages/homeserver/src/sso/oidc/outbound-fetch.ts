import type { OutboundClient } from '../../outbound/outbound-client.ts';

/** What the libraries want of a `fetch`. */
interface FetchOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>> | Headers;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

export type OutboundFetch = (url: string, options: FetchOptions) => Promise<Response>;

/** A `fetch` that goes through our own client: with its proxy, and its limits of time and bytes. */
export function outboundFetch(http: OutboundClient): OutboundFetch {
  return async (url, options) => {
    const { body, signal } = options;
    const answer = await http.request({
      url,
      method: options.method === 'POST' ? 'POST' : 'GET',
      headers: Object.fromEntries(new Headers(options.headers)),
      ...(body === undefined || body === null ? {} : { body: textOf(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
    const bytes = await answer.body.bytes();
    const headers = new Headers();
    for (const name of ['content-type', 'www-authenticate', 'date']) {
      const value = answer.header(name);
      if (value !== undefined) headers.set(name, value);
    }
    const hasBody = answer.status !== 204 && answer.status !== 304;
    return new Response(hasBody ? new Uint8Array(bytes) : null, {
      status: answer.status,
      headers,
    });
  };
}

/** Bodies here are forms. */
function textOf(body: unknown): string {
  if (typeof body === 'string') return body;
  if (body instanceof URLSearchParams) return body.toString();
  throw new TypeError('a request to an identity provider has a form for a body');
}
