import { pipeline } from 'node:stream';
import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

import type { Deadline } from './deadline.ts';
import { ratioFreeBytes } from './limits.ts';
import type { OutboundLimits } from './limits.ts';
import { OutboundError, toOutboundError } from './outbound-error.ts';

type BodyLimits = Pick<OutboundLimits, 'bodyBytesMax' | 'decompressionRatioMax'>;

/**
 * The body of an answer, decompressed, read as fast as its reader reads and no faster. It must be read, or
 * discarded; what is neither ends with the request's time.
 */
export class ResponseBody implements AsyncIterable<Buffer> {
  readonly #raw: Readable;
  readonly #encoding: string;
  readonly #limits: BodyLimits;
  readonly #deadline: Deadline;

  constructor(raw: Readable, encoding: string, limits: BodyLimits, deadline: Deadline) {
    this.#raw = raw;
    this.#encoding = encoding;
    this.#limits = limits;
    this.#deadline = deadline;
    // Whoever iterates gets the error; without anybody it must not end the process.
    raw.on('error', () => {});
  }

  /** Throws an {@link OutboundError}, `too-large` beyond the limits. Once only. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    const { bodyBytesMax, decompressionRatioMax } = this.#limits;
    const travelled = { bytes: 0 };
    let bytes = 0;
    try {
      const received = countBytes(this.#raw, travelled, bodyBytesMax);
      const decoder = decoderOf(this.#encoding);
      for await (const chunk of decoder === undefined ? received : decode(received, decoder)) {
        bytes += chunk.length;
        if (bytes > bodyBytesMax) throw tooLarge(bodyBytesMax);
        if (bytes > ratioFreeBytes && bytes > travelled.bytes * decompressionRatioMax) {
          throw new OutboundError('too-large', `the body is compressed beyond reason`);
        }
        yield chunk;
      }
    } catch (error) {
      throw this.#deadline.signal.aborted
        ? toOutboundError(this.#deadline.signal.reason)
        : toOutboundError(error);
    } finally {
      this.discard();
    }
  }

  async bytes(): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of this) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** Lets go of the request: of its body, and of the connection if it was not read to its end. */
  discard(): void {
    this.#deadline.clear();
    this.release();
  }

  /** Lets go of this body alone; the request goes on elsewhere. */
  release(): void {
    this.#raw.destroy();
  }
}

async function* countBytes(
  raw: Readable,
  counter: { bytes: number },
  bytesMax: number,
): AsyncGenerator<Buffer, void, undefined> {
  for await (const chunk of raw) {
    if (!(chunk instanceof Buffer)) continue;
    counter.bytes += chunk.length;
    if (counter.bytes > bytesMax) throw tooLarge(bytesMax);
    yield chunk;
  }
}

async function* decode(
  source: AsyncIterable<Buffer>,
  decoder: Transform,
): AsyncGenerator<Buffer, void, undefined> {
  // An error on either side destroys both, and the iteration below throws it.
  pipeline(source, decoder, () => {});
  try {
    for await (const chunk of decoder) {
      if (chunk instanceof Buffer) yield chunk;
    }
  } catch (error) {
    throw isZlibError(error)
      ? new OutboundError('encoding', 'the body cannot be decompressed', { cause: error })
      : error;
  }
}

function decoderOf(encoding: string): Transform | undefined {
  switch (encoding.trim().toLowerCase()) {
    case '':
    case 'identity':
      return undefined;
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      throw new OutboundError('encoding', `a body encoded as ${encoding} was not asked for`);
  }
}

function isZlibError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^Z_|^ERR_(?:BROTLI_DECODER_|_ERROR|ZLIB)/.test(code);
}

function tooLarge(bytesMax: number): OutboundError {
  return new OutboundError('too-large', `the body is larger than ${bytesMax} bytes`);
}
