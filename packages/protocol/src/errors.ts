/**
 * What this package answers instead of throwing: a problem names the Matrix error code that an edge would
 * send and says in words what was wrong. The package never decides on an HTTP status.
 */

/** The error codes (spec: Client-Server API, "Common error codes") that a verdict of this package can carry. */
export type ProblemCode =
  | 'M_BAD_JSON'
  | 'M_INVALID_PARAM'
  | 'M_MISSING_PARAM'
  | 'M_NOT_FOUND'
  | 'M_TOO_LARGE'
  | 'M_UNKNOWN'
  | 'M_UNSUPPORTED_ROOM_VERSION';

/** Why a value was refused. `reason` is English for a person, never to be parsed. */
export interface Problem {
  readonly errcode: ProblemCode;
  readonly reason: string;
}

/**
 * Makes a problem.
 *
 * @example
 * ```ts
 * problem('M_BAD_JSON', 'a PDU must be an object'); // => { errcode: 'M_BAD_JSON', reason: 'a PDU must be an object' }
 * ```
 */
export function problem(errcode: ProblemCode, reason: string): Problem {
  return { errcode, reason };
}
