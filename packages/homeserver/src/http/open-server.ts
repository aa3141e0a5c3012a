import { readFileSync } from 'node:fs';
import type { RequestListener, Server, ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Duplex } from 'node:stream';

import {
  handshakeTimeoutMs,
  headersBytesMax,
  headersTimeoutMs,
  keepAliveTimeoutMs,
  requestTimeoutMs,
  timeoutCheckMs,
} from './limits.ts';
import { errorCode } from './listen-error.ts';
import { corsHeaders } from './response-headers.ts';

// An import of it would read all that it exports, and with that load Node's whole fetch: 12 MB.
const { createServer } = process.getBuiltinModule('node:http');

export interface TlsFiles {
  readonly certificatePath: string;
  readonly keyPath: string;
}

export interface ServerTimeouts {
  readonly handshakeTimeoutMs?: number;
  readonly headersTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  readonly heldBodyTimeoutMs?: number;
  readonly timeoutCheckMs?: number;
}

/** A server of node with the limits of the edge, not yet bound. */
export function openServer(
  listener: RequestListener,
  tls: TlsFiles | undefined,
  timeouts: ServerTimeouts,
): Server {
  const options: ServerOptions = {
    headersTimeout: timeouts.headersTimeoutMs ?? headersTimeoutMs,
    requestTimeout: timeouts.requestTimeoutMs ?? requestTimeoutMs,
    connectionsCheckingInterval: timeouts.timeoutCheckMs ?? timeoutCheckMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    maxHeaderSize: headersBytesMax,
    noDelay: true,
  };
  const server =
    tls === undefined
      ? createServer(options, listener)
      : createTlsServer(
          {
            ...options,
            handshakeTimeout: timeouts.handshakeTimeoutMs ?? handshakeTimeoutMs,
            cert: readFileSync(tls.certificatePath),
            key: readFileSync(tls.keyPath),
          },
          listener,
        );
  server.on('clientError', answerBrokenRequest);
  // Node tells the listener above too, but where there is no TLS yet no answer ever arrives, nor ends the connection.
  server.on('tlsClientError', (_error: Error, socket: Duplex) => socket.destroy());
  return server;
}

/** What node's parser refuses never becomes a request: it is answered on the socket. */
function answerBrokenRequest(error: Error, socket: Duplex): void {
  const code = errorCode(error);
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, errcode, message] = brokenRequest(code);
  const body = JSON.stringify({ errcode, error: message });
  const cors: string[] = [];
  for (let index = 0; index < corsHeaders.length; index += 2) {
    cors.push(`${corsHeaders[index]}: ${corsHeaders[index + 1]}`);
  }
  const head = [
    `HTTP/1.1 ${status}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    ...cors,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

function brokenRequest(code: string | undefined): readonly [string, string, string] {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return ['431 Request Header Fields Too Large', 'M_TOO_LARGE', 'The headers are too large'];
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return ['408 Request Timeout', 'M_UNKNOWN', 'The request did not arrive in time'];
    default:
      return ['400 Bad Request', 'M_UNKNOWN', 'The request is not valid HTTP'];
  }
}
