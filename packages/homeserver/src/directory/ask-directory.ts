import type { JsonValue } from '@soma/protocol';

import { MatrixError, forbidden, notFound } from '../errors/matrix-error.ts';
import type {
  FederationClient,
  FederationRequest,
} from '../federation-client/federation-client.ts';
import { FederationError } from '../federation-client/federation-error.ts';

/** What asks other servers for what they publish. */
export type DirectoryClient = Pick<FederationClient, 'requestJson'>;

/** In bytes. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;

/** Asks another server for what it publishes. Throws its refusals as this server's own, and else `502 M_UNKNOWN`. */
export async function askDirectory(
  client: DirectoryClient,
  request: Omit<FederationRequest, 'bodyBytesMax' | 'retries'>,
): Promise<JsonValue> {
  try {
    return await client.requestJson({
      ...request,
      bodyBytesMax: ANSWER_BYTES_MAX,
      retries: 'none',
    });
  } catch (error) {
    if (!(error instanceof FederationError)) throw error;
    if (error.failure === 'not-allowed') {
      throw forbidden('This server does not federate with that one');
    }
    if (error.status === 404) throw notFound('The other server does not know it');
    if (error.status === 403) throw forbidden('The other server does not show it');
    throw new MatrixError(502, 'M_UNKNOWN', 'The other server did not answer');
  }
}
