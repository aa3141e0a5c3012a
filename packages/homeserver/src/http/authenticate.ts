import type { ServerName } from '@soma/protocol';

import {
  forbidden,
  guestAccessForbidden,
  missingToken,
  unknownToken,
  userLocked,
  userSuspended,
} from '../errors/matrix-error.ts';
import type { EndpointDescription, Requester } from './endpoint.ts';

/** What of a request the owner of the tokens may want: for last-seen, and for application services. */
export interface TokenUse {
  readonly clientAddress: string;
  readonly userAgent: string;
  header(name: string): string | undefined;
  queryParameter(name: string): string | undefined;
}

/** `soft_logout` for a token that has expired; undefined for one that is not known. */
export type TokenVerdict = Requester | 'soft_logout' | undefined;

/**
 * Whose token it is, from the accounts domain. A verdict that is known at once (a cached token) is
 * returned as it is, so that it costs no promise.
 */
export type ResolveToken = (token: string, use: TokenUse) => TokenVerdict | Promise<TokenVerdict>;

/** What of a request its server has signed, and the signatures. */
export interface ServerRequest {
  /** As sent: HEAD is not GET. */
  readonly method: string;
  /** As sent, with the query. */
  readonly target: string;
  /** The `Authorization` headers, one per signature; there is at least one. */
  readonly authorization: readonly string[];
  /** The body, undefined for an endpoint without one. */
  readonly body: { readonly bytes: Buffer; readonly content: unknown } | undefined;
  readonly clientAddress?: string;
}

/** Whose request it is, from the federation domain. Throws the refusals of the spec. */
export type AuthenticateServer = (request: ServerRequest) => Promise<ServerName>;

/**
 * The token of a request, from the Authorization header or, as older clients send it, from the query
 * (removed from the spec in v1.20). Throws M_MISSING_TOKEN for a header of another form, and if both
 * are given, as Synapse does.
 */
export function accessTokenOf(use: TokenUse): string | undefined {
  const header = use.header('authorization');
  const fromQuery = use.queryParameter('access_token');
  if (header === undefined) return fromQuery === '' ? undefined : fromQuery;
  if (fromQuery !== undefined) {
    throw missingToken('The access token is given both in the Authorization header and the query');
  }
  if (header.length > 7 && header.slice(0, 7).toLowerCase() === 'bearer ') {
    const token = header.slice(7).trim();
    if (token !== '' && !token.includes(' ')) return token;
  }
  throw missingToken('The Authorization header is not of the form "Bearer <token>"');
}

/** Decides whether the owner of a token may use the endpoint. Throws the refusals of the spec. */
export function admit(verdict: TokenVerdict, endpoint: EndpointDescription): Requester {
  if (verdict === undefined) throw unknownToken();
  if (verdict === 'soft_logout') throw unknownToken(true);
  if (verdict.isLocked === true && endpoint.locked !== true) throw userLocked();
  if (verdict.isGuest && endpoint.guests !== true) throw guestAccessForbidden();
  if (verdict.isSuspended === true && endpoint.suspended === false) throw userSuspended();
  if (endpoint.authentication === 'admin' && !verdict.isAdmin) {
    throw forbidden('You are not a server admin');
  }
  return verdict;
}

/** No token where one is wanted: `401 M_MISSING_TOKEN`. */
export function admitWithoutToken(endpoint: EndpointDescription): undefined {
  if (endpoint.authentication !== 'optional') throw missingToken();
  return undefined;
}
