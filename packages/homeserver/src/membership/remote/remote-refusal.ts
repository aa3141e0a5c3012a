import { MatrixError, forbidden, notFound } from '../../errors/matrix-error.ts';
import type { Errcode } from '../../errors/matrix-error.ts';
import { FederationError } from '../../federation-client/federation-error.ts';
import { ImportRefused } from '../../rooms/inbound/room-intake.ts';
import type { Failure } from './ask-in-turn.ts';

/** What another server may say that is for the user to know, at status 400. */
const PASSED_ON: ReadonlySet<string> = new Set<Errcode>([
  'M_FORBIDDEN',
  'M_INCOMPATIBLE_ROOM_VERSION',
  'M_INVITE_BLOCKED',
  'M_NOT_FOUND',
  'M_UNABLE_TO_AUTHORISE_JOIN',
  'M_UNABLE_TO_GRANT_JOIN',
]);

/** Whether another server may do better: all but what is wrong here. */
export function isServersFault(error: unknown): boolean {
  return error instanceof FederationError || error instanceof ImportRefused;
}

/**
 * What a user is told after all servers have failed: what one of them refused, a prohibition before all else, or
 * `502 M_UNKNOWN`. A failure of this server is thrown as it is.
 */
export function remoteRefusal(failures: readonly Failure[]): unknown {
  const own = failures.find(({ error }) => !isServersFault(error));
  if (own !== undefined) return own.error;
  const refusals = failures.flatMap(({ error }) => passedOn(error) ?? []);
  const [first] = refusals;
  const prohibition = refusals.find(({ status }) => status === 403);
  const cause = failures.map(({ server, error }) =>
    error instanceof Error ? error.message : `${server}: ${String(error)}`,
  );
  return prohibition ?? first ?? unreachable(cause.join('; '));
}

/** One server's refusal as the user is told of it; undefined for what is between the servers. */
export function passedOn(error: unknown): MatrixError | undefined {
  if (!(error instanceof FederationError) || error.failure !== 'refused') return undefined;
  const { status, errcode, body } = error;
  const text = typeof body?.['error'] === 'string' ? body['error'] : error.message;
  if (errcode === undefined || !isErrcode(errcode)) return undefined;
  if (status === 403) {
    return errcode === 'M_INVITE_BLOCKED' ? new MatrixError(403, errcode, text) : forbidden(text);
  }
  if (status === 404) return notFound(text);
  if (status !== 400) return undefined;
  const version = body?.['room_version'];
  const extra = typeof version === 'string' ? { room_version: version } : undefined;
  return new MatrixError(400, errcode, text, extra);
}

export function unreachable(cause: string): MatrixError {
  return new MatrixError(
    502,
    'M_UNKNOWN',
    `No server could be reached that is in the room: ${cause}`,
  );
}

function isErrcode(errcode: string): errcode is Errcode {
  return PASSED_ON.has(errcode);
}
