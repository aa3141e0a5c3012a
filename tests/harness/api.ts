import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';

import { checkAgainstSpec } from './spec-check.ts';

export interface RequestOptions {
  readonly token?: string;
  /** Sent as JSON; a string or a Buffer is sent as it is. */
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Response {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** The parsed JSON of an `application/json` answer, else its text. */
  readonly body: unknown;
  /** The body as it came. */
  readonly bytes: Buffer;
}

export interface Api {
  /**
   * @param method the HTTP method
   * @param path sent as it is, so percent-encode its parts (`pathOf` does)
   */
  request(method: string, path: string, options?: RequestOptions): Promise<Response>;
}

const agent = new Agent({ keepAlive: true });

/**
 * A raw HTTP client of one server: it retries nothing and takes every status as an answer, but throws at an answer
 * that is not of the specification's shape.
 */
export function api(url: string): Api {
  const origin = new URL(url);
  return {
    request: async (method, path, options = {}) => {
      const target = withQuery(path, options.query);
      const answer = await send(origin, method, target, options);
      checkAgainstSpec(method, target, answer);
      return answer;
    },
  };
}

/** A path with its `${…}` parts percent-encoded: pathOf`/rooms/${roomId}/join`. */
export function pathOf(texts: TemplateStringsArray, ...parts: readonly string[]): string {
  return String.raw({ raw: texts }, ...parts.map(encodeURIComponent));
}

function send(
  origin: URL,
  method: string,
  path: string,
  options: Omit<RequestOptions, 'query'>,
): Promise<Response> {
  const payload = encodeBody(options.body);
  const headers = {
    ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
    ...(payload === undefined ? {} : { 'content-length': String(payload.length) }),
    ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
    ...options.headers,
  };
  const { hostname, port } = origin;
  return new Promise((resolve, reject) => {
    const target = { agent, hostname, port, method, path, headers };
    const outgoing = httpRequest(target, (incoming) => {
      readAll(incoming).then(resolve, reject);
    });
    outgoing.once('error', reject);
    outgoing.end(payload);
  });
}

function encodeBody(body: unknown): Buffer | undefined {
  if (body === undefined || Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

function withQuery(path: string, query: RequestOptions['query']): string {
  if (query === undefined) return path;
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) search.set(name, String(value));
  return `${path}?${search.toString()}`;
}

async function readAll(incoming: IncomingMessage): Promise<Response> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const text = bytes.toString('utf8');
  const isJson = incoming.headers['content-type']?.startsWith('application/json') ?? false;
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    body: isJson ? JSON.parse(text) : text,
    bytes,
  };
}
