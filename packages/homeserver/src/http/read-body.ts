import type { IncomingMessage } from 'node:http';

import { tooLarge } from '../errors/matrix-error.ts';

/** The client went away, or was cut off, in the middle of its request: nobody is left to answer. */
export class ClientGoneError extends Error {
  constructor() {
    super('The client went away before its request was complete');
    this.name = 'ClientGoneError';
  }
}

/**
 * Collects a body of at most `bytesMax`. Calls back once, with the bytes, with 413 M_TOO_LARGE or what `count` throws (the
 * rest is then unread), or with a ClientGoneError.
 *
 * @param count is told of each piece before it is kept
 */
export function readBody(
  request: IncomingMessage,
  bytesMax: number,
  count: ((bytes: number) => void) | undefined,
  done: (error: Error | undefined, bytes: Buffer) => void,
): void {
  let first: Buffer | undefined;
  let more: Buffer[] | undefined;
  let length = 0;
  let settled = false;

  const settle = (error: Error | undefined, bytes: Buffer): void => {
    if (settled) return;
    settled = true;
    done(error, bytes);
  };
  const declared = request.headers['content-length'];
  if (declared !== undefined && Number(declared) > bytesMax) {
    settle(bodyTooLarge(bytesMax), empty);
    return;
  }
  const keep = (chunk: Buffer): void => {
    length += chunk.length;
    if (length > bytesMax) throw bodyTooLarge(bytesMax);
    count?.(chunk.length);
    if (first === undefined) {
      first = chunk;
    } else {
      more ??= [first];
      more.push(chunk);
    }
  };
  request.on('data', (chunk: Buffer) => {
    if (settled) return;
    try {
      keep(chunk);
    } catch (error) {
      request.pause();
      settle(error instanceof Error ? error : new Error(String(error)), empty);
    }
  });
  request.on('end', () => {
    settle(undefined, more === undefined ? (first ?? empty) : Buffer.concat(more, length));
  });
  request.on('error', () => settle(new ClientGoneError(), empty));
}

/**
 * The body as it arrives, of at most `bytesMax`; then the iteration throws 413 M_TOO_LARGE, and a
 * ClientGoneError if the client goes away. A chunk is gone once the next is asked for.
 */
export async function* streamBody(
  request: IncomingMessage,
  bytesMax: number,
): AsyncGenerator<Buffer, void, undefined> {
  const declared = request.headers['content-length'];
  if (declared !== undefined && Number(declared) > bytesMax) throw bodyTooLarge(bytesMax);
  let length = 0;
  for await (const chunk of chunksOf(request)) {
    length += chunk.length;
    if (length > bytesMax) throw bodyTooLarge(bytesMax);
    yield chunk;
    giveBack(chunk);
  }
}

/** Left to the collector, the chunks of a few uploads would come to 64 MB before it took notice. */
function giveBack({ buffer, length }: Buffer): void {
  const isItsOwn = buffer instanceof ArrayBuffer && buffer.byteLength === length;
  if (isItsOwn) buffer.transfer(0);
}

async function* chunksOf(request: IncomingMessage): AsyncGenerator<Buffer, void, undefined> {
  try {
    // The request must outlive the iteration: its socket still carries the answer.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      if (chunk instanceof Buffer) yield chunk;
    }
  } catch {
    throw new ClientGoneError();
  }
}

const empty = Buffer.alloc(0);

function bodyTooLarge(bytesMax: number): Error {
  return tooLarge(`The body is larger than ${bytesMax} bytes`);
}
