import { once } from 'node:events';

import type { Exchange } from './exchange.ts';
import { discardedBodyBytesMax, lingerBytesMax, lingerMs } from './limits.ts';
import { responseHeaders } from './response-headers.ts';
import { ByteStream, HtmlText, JsonStream, JsonText, PlainText, Reply } from './response.ts';
import { SpecialBody } from './response.ts';

type OwnHeaders = Readonly<Record<string, string>> | undefined;

/** The number of body bytes that were written, once all of them are. */
export type WrittenBytes = number | Promise<number>;

/** Writes what a handler returned. Throws (or rejects) what the body's iteration or JSON throws. */
export function writeResult(exchange: Exchange, result: object): WrittenBytes {
  const isReply = result instanceof Reply;
  const body = isReply ? result.body : result;
  const status = isReply ? result.status : 200;
  const own = isReply ? result.headers : undefined;
  if (!(body instanceof SpecialBody)) {
    return writeText(exchange, status, 'application/json', JSON.stringify(body), own);
  }
  if (body instanceof JsonText || body instanceof HtmlText || body instanceof PlainText) {
    return writeText(exchange, status, body.contentType, body.text, own);
  }
  if (body instanceof JsonStream) return writeChunks(exchange, status, body, undefined, own);
  if (body instanceof ByteStream) return writeChunks(exchange, status, body, body.lengthBytes, own);
  throw new TypeError('The handler returned a body of an unknown class');
}

/** Headers and text in one write. */
export function writeText(
  exchange: Exchange,
  status: number,
  contentType: string,
  text: string,
  own: OwnHeaders,
): number {
  const { response } = exchange;
  const bytes = Buffer.byteLength(text);
  const lingers = leavesMuchUnread(exchange);
  const closes = lingers || exchange.running.isDraining;
  response.writeHead(status, responseHeaders(contentType, bytes, own, closes));
  if (lingers) {
    response.write(text);
    linger(exchange);
  } else {
    response.end(text);
  }
  return bytes;
}

/** A body without content, e.g. of a preflight. */
export function writeEmpty(exchange: Exchange, status: number, headers: readonly string[]): void {
  exchange.response.writeHead(status, [...headers]);
  exchange.response.end();
}

async function writeChunks(
  exchange: Exchange,
  status: number,
  body: JsonStream | ByteStream,
  lengthBytes: number | undefined,
  own: OwnHeaders,
): Promise<number> {
  const { response } = exchange;
  const chunks: AsyncIterator<string | Uint8Array> = body.chunks[Symbol.asyncIterator]();
  // An error before the first chunk can still be answered as one.
  let next = await chunks.next();
  const closes = exchange.running.isDraining || leavesMuchUnread(exchange);
  response.writeHead(status, responseHeaders(body.contentType, lengthBytes, own, closes));
  let bytes = 0;
  const isHead = exchange.incoming.method === 'HEAD';
  while (next.done !== true && !isHead && !response.closed) {
    const chunk = next.value;
    bytes += Buffer.byteLength(chunk);
    if (body instanceof ByteStream) await flushed(exchange, chunk);
    else if (!response.write(chunk)) await drained(exchange);
    next = await chunks.next();
  }
  if (next.done !== true) await chunks.return?.();
  response.end();
  return bytes;
}

/** Resolves when the system has taken the chunk, or the connection is gone: its memory is free again. */
async function flushed({ response }: Exchange, chunk: string | Uint8Array): Promise<void> {
  if (response.closed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = (): void => resolve();
  response.once('close', end);
  response.write(chunk, end);
  await promise;
  response.off('close', end);
}

async function drained({ response }: Exchange): Promise<void> {
  if (response.closed) return;
  const gone = new AbortController();
  try {
    const { signal } = gone;
    await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })]);
  } finally {
    gone.abort();
  }
}

/** Whether the client is still sending a body that is too long to be thrown away unread. */
function leavesMuchUnread({ incoming }: Exchange): boolean {
  if (incoming.complete) return false;
  const { headers } = incoming;
  if (headers['transfer-encoding'] !== undefined) return true;
  const declared = headers['content-length'];
  return declared !== undefined && Number(declared) > discardedBodyBytesMax;
}

/**
 * Closing a connection on which the client still sends makes the kernel drop the response. So the rest
 * is read for a while, then the response ends, and with it the connection.
 */
function linger({ incoming, response }: Exchange): void {
  let bytes = 0;
  const finish = (): void => {
    clearTimeout(timer);
    incoming.off('data', count);
    response.end();
  };
  const count = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > lingerBytesMax) finish();
  };
  const timer = setTimeout(finish, lingerMs);
  incoming.on('data', count);
  incoming.once('end', finish);
  incoming.once('close', finish);
  incoming.resume();
}
