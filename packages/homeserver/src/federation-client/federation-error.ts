import type { JsonObject } from '@soma/protocol';

import { OutboundError } from '../outbound/outbound-error.ts';

/** Why a request to another server did not get what it asked for. */
export type FederationFailure =
  /** The server is not one that this server federates with. */
  | 'not-allowed'
  /** It failed a short while ago and is left alone. */
  | 'backing-off'
  /** It could not be reached, or broke off; `cause` is an OutboundError. */
  | 'unreachable'
  /** It answered with a status of 300 or more. */
  | 'refused'
  /** Its answer is not what was asked for. */
  | 'bad-answer';

export interface FederationErrorDetails extends ErrorOptions {
  /** Of `refused`. */
  readonly status?: number;
  /** The standard error response, if it was one. */
  readonly body?: JsonObject | undefined;
}

/** A request to another server that failed. */
export class FederationError extends Error {
  readonly failure: FederationFailure;
  readonly destination: string;
  readonly status: number | undefined;
  readonly body: JsonObject | undefined;

  constructor(
    failure: FederationFailure,
    destination: string,
    message: string,
    details: FederationErrorDetails = {},
  ) {
    super(`${destination}: ${message}`, details);
    this.name = 'FederationError';
    this.failure = failure;
    this.destination = destination;
    this.status = details.status;
    this.body = details.body;
  }

  get errcode(): string | undefined {
    const errcode = this.body?.['errcode'];
    return typeof errcode === 'string' ? errcode : undefined;
  }
}

/** What the network below throws, as a {@link FederationError}; anything else as it is. */
export function toFederationError(destination: string, error: unknown): unknown {
  if (!(error instanceof OutboundError)) return error;
  const failure = error.failure === 'too-large' ? 'bad-answer' : 'unreachable';
  return new FederationError(failure, destination, error.message, { cause: error });
}
