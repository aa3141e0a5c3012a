/**
 * What a handler may give as a body beside a plain object (which is serialised as JSON).
 * A handler that needs a status or headers wraps the body by `reply`.
 */
export abstract class SpecialBody {
  abstract readonly contentType: string;
}

/** JSON that is text already: events are stored as text and go out as they are. */
export class JsonText extends SpecialBody {
  readonly contentType = 'application/json';
  readonly text: string;

  constructor(text: string) {
    super();
    this.text = text;
  }
}

/** JSON that is too long to be held as one text, e.g. an initial sync: chunks of it, in order. */
export class JsonStream extends SpecialBody {
  readonly contentType = 'application/json';
  readonly chunks: AsyncIterable<string>;

  constructor(chunks: AsyncIterable<string>) {
    super();
    this.chunks = chunks;
  }
}

export class HtmlText extends SpecialBody {
  readonly contentType = 'text/html; charset=utf-8';
  readonly text: string;

  constructor(text: string) {
    super();
    this.text = text;
  }
}

export class PlainText extends SpecialBody {
  readonly contentType: string;
  readonly text: string;

  constructor(text: string, contentType = 'text/plain; charset=utf-8') {
    super();
    this.text = text;
    this.contentType = contentType;
  }
}

/**
 * Bytes as they come, e.g. a media download. With `lengthBytes` the response has a Content-Length. A chunk's memory
 * may be used again once the next chunk is asked for.
 */
export class ByteStream extends SpecialBody {
  readonly contentType: string;
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly lengthBytes: number | undefined;

  constructor(chunks: AsyncIterable<Uint8Array>, contentType: string, lengthBytes?: number) {
    super();
    this.chunks = chunks;
    this.contentType = contentType;
    this.lengthBytes = lengthBytes;
  }
}

export interface ReplyOptions {
  /** Default 200. */
  readonly status?: number;
  /** Win over the edge's own of the same name. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A class of its own, not a shape: an event content may have keys named `body` and `status`. */
export class Reply {
  readonly body: object;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>> | undefined;

  constructor(body: object, options: ReplyOptions) {
    this.body = body;
    this.status = options.status ?? 200;
    this.headers = options.headers;
  }
}

/** Body, status and headers of a response. `body` is a plain object (JSON) or a `SpecialBody`. */
export function reply(body: object, options: ReplyOptions = {}): Reply {
  return new Reply(body, options);
}
