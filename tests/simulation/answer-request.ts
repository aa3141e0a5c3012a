import { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestListener } from 'node:http';
import { Socket } from 'node:net';

export interface PlainRequest {
  readonly method: string;
  readonly uri: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export interface PlainAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** A response that stays in this process. */
class CollectedResponse extends ServerResponse {
  readonly #chunks: Buffer[] = [];
  readonly #headers = new Map<string, string>();
  readonly #done: (answer: PlainAnswer) => void;

  constructor(incoming: IncomingMessage, done: (answer: PlainAnswer) => void) {
    super(incoming);
    this.#done = done;
  }

  override writeHead(status: number, ...rest: unknown[]): this {
    const list = rest.find((each) => Array.isArray(each)) ?? [];
    for (let index = 0; index < list.length; index += 2) {
      this.#headers.set(String(list[index]).toLowerCase(), String(list[index + 1]));
    }
    return super.writeHead(status, list);
  }

  override write(chunk: string | Uint8Array, ...rest: unknown[]): boolean {
    this.#chunks.push(Buffer.from(chunk));
    for (const each of rest) if (typeof each === 'function') queueMicrotask(() => each());
    return true;
  }

  override end(...args: unknown[]): this {
    const [chunk] = args;
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) this.write(chunk);
    const body = Buffer.concat(this.#chunks);
    this.#done({ status: this.statusCode, headers: this.#headers, body });
    return this;
  }

  /** What breaks off in the middle, is no answer. */
  override destroy(): this {
    this.#done({ status: 599, headers: this.#headers, body: Buffer.alloc(0) });
    return this;
  }
}

/** Asks a server of this process, from where its listener hands requests on. */
export function answerRequest(
  handler: RequestListener,
  { method, uri, headers, body }: PlainRequest,
): Promise<PlainAnswer> {
  return new Promise((resolve) => {
    const bytes = body === undefined ? undefined : Buffer.from(body);
    const incoming = new IncomingMessage(new Socket());
    incoming.method = method;
    incoming.url = uri;
    incoming.headers = {
      ...headers,
      ...(bytes === undefined ? {} : { 'content-length': String(bytes.length) }),
    };
    incoming.headersDistinct = Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [name, [String(value)]]),
    );
    if (bytes !== undefined) incoming.push(bytes);
    incoming.push(null);
    incoming.complete = true;
    const response = new CollectedResponse(incoming, resolve);
    handler(incoming, response);
  });
}
