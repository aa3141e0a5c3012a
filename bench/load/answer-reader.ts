/** One complete HTTP answer. */
export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

interface Head {
  readonly status: number;
  /** Undefined for a chunked body. */
  readonly bodyBytes: number | undefined;
}

const headEnd = Buffer.from('\r\n\r\n');
const lineEnd = Buffer.from('\r\n');

/**
 * Reads HTTP/1.1 answers from one connection, one at a time: with Content-Length or chunked.
 * It knows only what a keep-alive client of these two servers needs, so that reading costs the
 * load generator little.
 */
export class AnswerReader {
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  /** Less than this is not worth another look: a large chunk is put together once. */
  #neededBytes = 0;
  #head: Head | undefined;
  #chunks: Buffer[] = [];

  /** Takes what the socket gave; returns the answer once it is complete. */
  push(data: Buffer): Answer | undefined {
    this.#pending.push(data);
    this.#pendingBytes += data.length;
    if (this.#pendingBytes < this.#neededBytes) return undefined;
    const head = (this.#head ??= this.#readHead());
    if (head === undefined) return undefined;
    if (head.bodyBytes === undefined) return this.#readChunked(head);
    this.#neededBytes = head.bodyBytes;
    if (this.#pendingBytes < head.bodyBytes) return undefined;
    const body = this.#join();
    if (body.length > head.bodyBytes) throw new Error('the server sent more than one answer');
    return this.#finish(head, body);
  }

  #readHead(): Head | undefined {
    const data = this.#join();
    const end = data.indexOf(headEnd);
    if (end === -1) return this.#keep(data);
    const text = data.toString('latin1', 0, end).toLowerCase();
    this.#keep(data.subarray(end + headEnd.length));
    const status = Number(text.slice(9, 12));
    const length = /\r\ncontent-length: *(\d+)/.exec(text)?.[1];
    if (length !== undefined) return { status, bodyBytes: Number(length) };
    if (text.includes('\r\ntransfer-encoding: chunked')) return { status, bodyBytes: undefined };
    throw new Error(`an answer without a length:\n${text}`);
  }

  #readChunked(head: Head): Answer | undefined {
    for (;;) {
      const data = this.#join();
      const end = data.indexOf(lineEnd);
      if (end === -1) return this.#keep(data);
      const size = Number.parseInt(data.toString('latin1', 0, end), 16);
      if (Number.isNaN(size)) throw new Error('the size of a chunk cannot be read');
      const start = end + lineEnd.length;
      this.#neededBytes = start + size + lineEnd.length;
      if (data.length < this.#neededBytes) return this.#keep(data);
      if (size === 0) return this.#finish(head, Buffer.concat(this.#chunks));
      this.#chunks.push(data.subarray(start, start + size));
      this.#keep(data.subarray(this.#neededBytes));
      this.#neededBytes = 0;
    }
  }

  #join(): Buffer {
    const [first, ...more] = this.#pending;
    const data = first === undefined || more.length > 0 ? Buffer.concat(this.#pending) : first;
    this.#pending = [];
    this.#pendingBytes = 0;
    return data;
  }

  #keep(data: Buffer): undefined {
    if (data.length === 0) return;
    this.#pending.push(data);
    this.#pendingBytes += data.length;
  }

  #finish({ status }: Head, body: Buffer): Answer {
    this.#head = undefined;
    this.#neededBytes = 0;
    this.#chunks = [];
    return { status, body };
  }
}
