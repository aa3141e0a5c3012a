import { MatrixError } from '../errors/matrix-error.ts';
import type { Exchange } from './exchange.ts';

/** Is told of what was thrown and is not a refusal, with the request it happened in. */
export type ReportFault = (error: unknown, exchange: Exchange) => void;

/** What the client is told of anything that was thrown: only a MatrixError is for its eyes. */
export function toMatrixError(
  thrown: unknown,
  exchange: Exchange,
  report: ReportFault,
): MatrixError {
  if (thrown instanceof MatrixError) return thrown;
  if (isAbort(thrown) && exchange.running.isDraining) {
    return new MatrixError(503, 'M_UNKNOWN', 'The server is stopping');
  }
  // Nobody reads the answer of a request that was given up on.
  if (!(isAbort(thrown) && exchange.response.closed)) report(thrown, exchange);
  return new MatrixError(500, 'M_UNKNOWN', 'Internal server error');
}

function isAbort(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'AbortError';
}
