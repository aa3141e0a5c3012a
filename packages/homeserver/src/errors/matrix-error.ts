import type { Errcode } from './errcodes.ts';

export type { Errcode } from './errcodes.ts';

/** Keys of the error body beside `errcode` and `error`, e.g. `soft_logout` or `room_version`. */
export type ErrorExtra = Readonly<Record<string, unknown>>;

/**
 * A refusal that the client is told about: an HTTP status, an errcode and a sentence.
 * Anything else that is thrown is a fault of the server and answered `500 M_UNKNOWN`.
 */
export class MatrixError extends Error {
  readonly status: number;
  readonly errcode: Errcode;
  readonly extra: ErrorExtra | undefined;

  constructor(status: number, errcode: Errcode, message: string, extra?: ErrorExtra) {
    super(message);
    this.name = 'MatrixError';
    this.status = status;
    this.errcode = errcode;
    this.extra = extra;
  }

  /** The "standard error response" of the spec. */
  body(): object {
    return { errcode: this.errcode, error: this.message, ...this.extra };
  }

  /** Headers of the response, as name and value pairs. */
  headers(): Readonly<Record<string, string>> | undefined {
    return undefined;
  }
}

/** `429 M_LIMIT_EXCEEDED`; `Retry-After` is in whole seconds, `retry_after_ms` its older form. */
export class LimitExceededError extends MatrixError {
  readonly retryAfterMs: number | undefined;

  constructor(retryAfterMs: number | undefined, message = 'Too many requests') {
    const waitMs = retryAfterMs === undefined ? undefined : Math.max(0, Math.ceil(retryAfterMs));
    super(
      429,
      'M_LIMIT_EXCEEDED',
      message,
      waitMs === undefined ? undefined : { retry_after_ms: waitMs },
    );
    this.name = 'LimitExceededError';
    this.retryAfterMs = waitMs;
  }

  override headers(): Readonly<Record<string, string>> | undefined {
    if (this.retryAfterMs === undefined) return undefined;
    return { 'Retry-After': String(Math.ceil(this.retryAfterMs / 1000)) };
  }
}

export function forbidden(message = 'Forbidden', extra?: ErrorExtra): MatrixError {
  return new MatrixError(403, 'M_FORBIDDEN', message, extra);
}

export function guestAccessForbidden(message = 'Guests may not use this endpoint'): MatrixError {
  return new MatrixError(403, 'M_GUEST_ACCESS_FORBIDDEN', message);
}

export function notFound(message = 'Not found'): MatrixError {
  return new MatrixError(404, 'M_NOT_FOUND', message);
}

export function badJson(message: string): MatrixError {
  return new MatrixError(400, 'M_BAD_JSON', message);
}

export function notJson(message = 'Content is not JSON'): MatrixError {
  return new MatrixError(400, 'M_NOT_JSON', message);
}

export function missingParam(message: string): MatrixError {
  return new MatrixError(400, 'M_MISSING_PARAM', message);
}

export function invalidParam(message: string): MatrixError {
  return new MatrixError(400, 'M_INVALID_PARAM', message);
}

/** `400 M_UNKNOWN`: invalid in a way that has no errcode of its own. */
export function badRequest(message: string, extra?: ErrorExtra): MatrixError {
  return new MatrixError(400, 'M_UNKNOWN', message, extra);
}

/** What an application service has for itself, or has not. */
export function exclusive(message: string): MatrixError {
  return new MatrixError(400, 'M_EXCLUSIVE', message);
}

export function missingToken(message = 'Missing access token'): MatrixError {
  return new MatrixError(401, 'M_MISSING_TOKEN', message);
}

/** A request between servers that is not signed as it should be. */
export function unauthorized(message: string): MatrixError {
  return new MatrixError(401, 'M_UNAUTHORIZED', message);
}

/** `soft_logout: true` lets the client keep what it stored and log in again on the same device. */
export function unknownToken(softLogout = false, message?: string): MatrixError {
  const text = message ?? (softLogout ? 'Access token has expired' : 'Unknown access token');
  return new MatrixError(401, 'M_UNKNOWN_TOKEN', text, { soft_logout: softLogout });
}

/** Client-server API, "Account locking": a 401, and a soft logout so that the client keeps its keys. */
export function userLocked(message = 'This account has been locked'): MatrixError {
  return new MatrixError(401, 'M_USER_LOCKED', message, { soft_logout: true });
}

/** Client-server API, "Account suspension". */
export function userSuspended(
  message = 'You cannot perform this action while suspended',
): MatrixError {
  return new MatrixError(403, 'M_USER_SUSPENDED', message);
}

export function limitExceeded(retryAfterMs?: number): LimitExceededError {
  return new LimitExceededError(retryAfterMs);
}

export function tooLarge(message = 'The request is too large'): MatrixError {
  return new MatrixError(413, 'M_TOO_LARGE', message);
}

/** Status 404 for a path that no endpoint has, 405 for a method that the path does not have. */
export function unrecognized(status: 404 | 405 = 404): MatrixError {
  return new MatrixError(status, 'M_UNRECOGNIZED', 'Unrecognized request');
}
