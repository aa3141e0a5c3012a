/** Why a request to the outside did not get its answer. */
export type OutboundFailure =
  /** The address, scheme or redirect is one that Soma does not follow. */
  | 'refused'
  /** The name has no address. */
  | 'unresolved'
  /** Nobody answered at the address, or the connection broke. */
  | 'connection'
  /** The certificate is not one to trust. */
  | 'certificate'
  | 'timeout'
  | 'too-large'
  | 'too-many-redirects'
  /** The body is not what its Content-Encoding says. */
  | 'encoding'
  /** The caller's signal. */
  | 'aborted';

/** A request to the outside that failed; any HTTP status is an answer and none of these. */
export class OutboundError extends Error {
  readonly failure: OutboundFailure;

  constructor(failure: OutboundFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OutboundError';
    this.failure = failure;
  }
}

/** An error of the network below, as an {@link OutboundError}. */
export function toOutboundError(error: unknown): OutboundError {
  const found = causes(error).find((each) => each instanceof OutboundError);
  if (found !== undefined) return found;
  const code = codeOf(error);
  const message = error instanceof Error && error.message !== '' ? error.message : code;
  return new OutboundError(failureOf(code, error), message, { cause: error });
}

function failureOf(code: string, error: unknown): OutboundFailure {
  if (/_TIMEOUT$|^ETIMEDOUT$|^ETIMEOUT$/.test(code)) return 'timeout';
  if (/^ENOTFOUND$|^EAI_|^ENODATA$/.test(code)) return 'unresolved';
  if (/CERT|^UNABLE_TO_|^ERR_TLS_|^HOSTNAME_MISMATCH$/.test(code)) return 'certificate';
  return error instanceof Error && error.name === 'AbortError' ? 'aborted' : 'connection';
}

/** The error and what it was caused by; an AggregateError has tried several addresses. */
function causes(error: unknown): unknown[] {
  if (!(error instanceof Error)) return [error];
  const inner = error instanceof AggregateError ? error.errors : [error.cause];
  return [error, ...inner.flatMap((each: unknown) => (each === undefined ? [] : causes(each)))];
}

function codeOf(error: unknown): string {
  for (const each of causes(error)) {
    if (each instanceof Error && 'code' in each && typeof each.code === 'string') return each.code;
  }
  return 'the connection failed';
}
