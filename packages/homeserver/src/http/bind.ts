import { once } from 'node:events';
import { chmodSync, unlinkSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { ListenOptions } from 'node:net';

import type { Logger } from '../telemetry/logger.ts';
import { errorCode, ListenError } from './listen-error.ts';

export interface UnixSocket {
  readonly path: string;
  /** Who may connect, e.g. 0o666. */
  readonly mode: number;
}

/** One address to bind; a path for a unix socket. */
export interface Place {
  readonly address: string;
  readonly port: number;
  /** Only of a unix socket. */
  readonly socketMode: number | undefined;
  /** The listener's other addresses. */
  readonly besides: readonly string[];
}

/**
 * Binds a server. Resolves to its port (0 for a unix socket), and to undefined for an IPv6 address on a
 * machine without IPv6 if the listener has others. Throws a ListenError.
 */
export async function bind(
  server: Server,
  place: Place,
  logger: Logger,
): Promise<number | undefined> {
  const { address, port, socketMode, besides } = place;
  try {
    if (socketMode !== undefined) {
      await removeStaleSocket(address);
      await listening(server, { path: address });
      chmodSync(address, socketMode);
      return 0;
    }
    // Bound for both families, `::` would take the port of an IPv4 address beside it.
    const ipv6Only = address === '::' && besides.some((other) => other.includes('.'));
    await listening(server, { port, host: address, ipv6Only });
  } catch (error) {
    if (errorCode(error) === 'EAFNOSUPPORT' && address.includes(':') && besides.length > 0) {
      logger.warn({ port, address }, 'this machine has no IPv6; listening on the others only');
      return undefined;
    }
    throw new ListenError(port, address, error);
  }
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : port;
}

async function listening(server: Server, options: ListenOptions): Promise<void> {
  server.listen(options);
  // Rejects with the error that node emits instead.
  await once(server, 'listening');
}

/** A process that was killed leaves its socket's file behind, on which nobody listens. */
async function removeStaleSocket(path: string): Promise<void> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
  } catch (error) {
    if (errorCode(error) === 'ECONNREFUSED') unlinkSync(path);
  } finally {
    socket.destroy();
  }
}
