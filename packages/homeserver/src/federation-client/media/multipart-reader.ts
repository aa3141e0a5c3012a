import { partHeadBytesMax } from '../limits.ts';

/** One part of a multipart body. Its bytes must be read, or given up, before the next part is asked for. */
export interface Part {
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: AsyncGenerator<Buffer, void, undefined>;
}

/** The body is not the multipart that its Content-Type promises. */
export class MalformedMultipart extends Error {
  constructor(reason: string) {
    super(`malformed multipart: ${reason}`);
    this.name = 'MalformedMultipart';
  }
}

const lineBreak = Buffer.from('\r\n');
const emptyLine = Buffer.from('\r\n\r\n');
const twoDashes = Buffer.from('--');

/** The boundary of a `multipart/…` Content-Type (RFC 2046, 5.1.1); undefined for another type, or a boundary that is none. */
export function boundaryOf(contentType: string | undefined): string | undefined {
  if (contentType === undefined || !/^\s*multipart\//i.test(contentType)) return undefined;
  const match = /;\s*boundary=(?:"([^"\\]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
  return match?.[1] ?? match?.[2];
}

/** Reads a multipart body as it comes (RFC 2046, 5.1), holding no more of it than a head and a delimiter. */
export class MultipartReader {
  readonly #source: AsyncIterator<Buffer>;
  /** What parts are parted by. The first one may lack its line break, so the buffer begins with one. */
  readonly #delimiter: Buffer;
  #buffer: Buffer = lineBreak;
  #partIsOpen = false;
  #isFirst = true;

  constructor(source: AsyncIterable<Buffer>, boundary: string) {
    this.#source = source[Symbol.asyncIterator]();
    this.#delimiter = Buffer.concat([lineBreak, twoDashes, Buffer.from(boundary, 'latin1')]);
  }

  /** Undefined after the last part. Throws {@link MalformedMultipart}. */
  async next(): Promise<Part | undefined> {
    if (this.#isFirst) await this.#skipPreamble();
    if (this.#partIsOpen) throw new Error('the part before has not been read');
    while (this.#buffer.length < twoDashes.length) await this.#pull();
    if (this.#buffer.subarray(0, 2).equals(twoDashes)) return undefined;
    const headers = parseHeaders(await this.#readHead());
    this.#partIsOpen = true;
    return { headers, body: this.#readPart() };
  }

  async #skipPreamble(): Promise<void> {
    this.#isFirst = false;
    let skipped = 0;
    for await (const chunk of this.#readPart()) {
      skipped += chunk.length;
      if (skipped > partHeadBytesMax) throw new MalformedMultipart('no part begins');
    }
  }

  async #readHead(): Promise<string> {
    // A delimiter may be followed by spaces, and by the empty line of a head without fields.
    for (;;) {
      const end = this.#buffer.indexOf(emptyLine);
      if (end !== -1) {
        const head = this.#buffer.subarray(0, end).toString('latin1');
        this.#buffer = this.#buffer.subarray(end + emptyLine.length);
        return head;
      }
      if (this.#buffer.length > partHeadBytesMax)
        throw new MalformedMultipart('a head is too long');
      await this.#pull();
    }
  }

  async *#readPart(): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const end = this.#buffer.indexOf(this.#delimiter);
      if (end !== -1) {
        const last = this.#buffer.subarray(0, end);
        this.#buffer = this.#buffer.subarray(end + this.#delimiter.length);
        this.#partIsOpen = false;
        if (last.length > 0) yield last;
        return;
      }
      // The end of what is here may be the beginning of a delimiter.
      const safeLength = this.#buffer.length - this.#delimiter.length + 1;
      if (safeLength > 0) {
        const safe = this.#buffer.subarray(0, safeLength);
        this.#buffer = this.#buffer.subarray(safeLength);
        yield safe;
      }
      await this.#pull();
    }
  }

  async #pull(): Promise<void> {
    const next = await this.#source.next();
    if (next.done === true) throw new MalformedMultipart('it ends in the middle');
    this.#buffer = Buffer.concat([this.#buffer, next.value]);
  }
}

function parseHeaders(head: string): Map<string, string> {
  const headers = new Map<string, string>();
  // Folded lines are one line (RFC 822, 3.1.1).
  for (const line of head.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return headers;
}
