import { isJsonObject } from '@soma/protocol';

import { MatrixError } from '../../errors/matrix-error.ts';
import { FederationError } from '../../federation-client/federation-error.ts';
import { handshakeTimeoutMs } from './limits.ts';
import type { RemoteRooms } from './remote-rooms.ts';

/** As Synapse counts it, so that the option means the same. */
export function complexityOf(stateEvents: number): number {
  return stateEvents / 500;
}

export function tooComplex({ limitRemoteRooms }: RemoteRooms): MatrixError {
  return new MatrixError(400, 'M_RESOURCE_LIMIT_EXCEEDED', limitRemoteRooms.refusal);
}

/**
 * Asks a server how complex a room is, as Synapse's servers tell each other; where that is not told the answer to the
 * join will show it. Throws `400 M_RESOURCE_LIMIT_EXCEEDED`.
 */
export async function checkComplexity(
  remote: RemoteRooms,
  server: string,
  roomId: string,
): Promise<void> {
  const told = await askComplexity(remote, server, roomId);
  if (told !== undefined && told > remote.limitRemoteRooms.complexityMax) throw tooComplex(remote);
}

async function askComplexity(
  { client }: RemoteRooms,
  server: string,
  roomId: string,
): Promise<number | undefined> {
  try {
    const answer = await client.requestJson({
      destination: server,
      method: 'GET',
      path: `/_matrix/federation/unstable/rooms/${encodeURIComponent(roomId)}/complexity`,
      timeoutMs: handshakeTimeoutMs,
      retries: 'none',
      ignoresBackoff: true,
    });
    const complexity = isJsonObject(answer) ? answer['v1'] : undefined;
    return typeof complexity === 'number' ? complexity : undefined;
  } catch (error) {
    if (error instanceof FederationError) return undefined;
    throw error;
  }
}
