import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

import { notJson, unauthorized } from '../errors/matrix-error.ts';
import type { AccessLog } from './access-log.ts';
import { accessTokenOf, admit, admitWithoutToken } from './authenticate.ts';
import type {
  AuthenticateServer,
  ResolveToken,
  ServerRequest,
  TokenVerdict,
} from './authenticate.ts';
import { toMatrixError } from './error-mapping.ts';
import type { ReportFault } from './error-mapping.ts';
import { Exchange } from './exchange.ts';
import type { ListenerTraits } from './exchange.ts';
import type { HeldBodies } from './held-bodies.ts';
import { parseJsonBody } from './json-body.ts';
import { ClientGoneError, readBody, streamBody } from './read-body.ts';
import { preflightHeaders } from './response-headers.ts';
import type { Route } from './route.ts';
import type { Router } from './router.ts';
import type { RunningRequests } from './running-requests.ts';
import type { ServerRateLimiter } from './server-rate-limit.ts';
import { writeEmpty, writeResult, writeText } from './write-response.ts';
import type { WrittenBytes } from './write-response.ts';

/** What all listeners share. */
export interface Edge {
  readonly resolveToken: ResolveToken;
  readonly authenticateServer: AuthenticateServer;
  /** Undefined where other servers may ask as often as they like. */
  readonly serverRateLimiter: ServerRateLimiter | undefined;
  readonly heldBodies: HeldBodies;
  readonly accessLog: AccessLog;
  readonly reportFault: ReportFault;
  readonly running: RunningRequests;
}

/** The log's status for a client that went away before the answer. */
const clientGoneStatus = 499;

/**
 * The way of a request: route, token, rate limit, parameters, body, handler, response, log line. A request of another
 * server is signed with its body, so there the body comes before the rest.
 * Each step is a plain call; only what waits (a body, a handler's promise) goes on in a callback.
 */
export function requestListener(
  edge: Edge,
  router: Router,
  traits: ListenerTraits,
): RequestListener {
  return (incoming: IncomingMessage, response: ServerResponse) => {
    edge.running.started();
    const exchange = new Exchange(incoming, response, traits, edge.running);
    if (incoming.method === 'OPTIONS') {
      writeEmpty(exchange, 204, preflightHeaders);
      finish(edge, exchange, 204, 0);
      return;
    }
    try {
      const { route, params } = router.find(incoming.method ?? '', exchange.target);
      exchange.route = route;
      exchange.pathParams = params;
      authenticate(edge, exchange, route);
    } catch (error) {
      refuse(edge, exchange, error);
    }
  };
}

function authenticate(edge: Edge, exchange: Exchange, route: Route): void {
  const { endpoint } = route;
  if (endpoint.authentication === 'none') {
    accept(edge, exchange, route);
    return;
  }
  if (endpoint.authentication === 'server') {
    receiveSigned(edge, exchange, route);
    return;
  }
  const token = accessTokenOf(exchange);
  if (token === undefined) {
    admitWithoutToken(endpoint);
    accept(edge, exchange, route);
    return;
  }
  exchange.accessToken = token;
  const verdict = edge.resolveToken(token, exchange);
  if (verdict instanceof Promise) {
    verdict
      .then((value) => acceptVerdict(edge, exchange, route, value))
      .catch((error: unknown) => refuse(edge, exchange, error));
  } else {
    acceptVerdict(edge, exchange, route, verdict);
  }
}

function acceptVerdict(edge: Edge, exchange: Exchange, route: Route, verdict: TokenVerdict): void {
  exchange.requester = admit(verdict, route.endpoint);
  accept(edge, exchange, route);
}

function receiveSigned(edge: Edge, exchange: Exchange, route: Route): void {
  const { incoming, target } = exchange;
  const authorization = incoming.headersDistinct['authorization'] ?? [];
  if (authorization.length === 0) throw unauthorized('The request has no X-Matrix signature');
  const verify = (body: ServerRequest['body']): void => {
    edge
      .authenticateServer({
        method: incoming.method ?? '',
        target,
        authorization,
        body,
        clientAddress: exchange.clientAddress,
      })
      .then(async (origin) => {
        exchange.origin = origin;
        await waitForTurn(edge, exchange, route);
        readParameters(exchange, route);
        const isRaw = route.endpoint.bodyAs === 'bytes';
        if (body !== undefined && !isRaw) route.checkBody(body.content);
        exchange.body = isRaw ? body?.bytes : body?.content;
        invoke(edge, exchange, route);
      })
      .catch((error: unknown) => refuse(edge, exchange, error));
  };
  if (route.readsBody) {
    receiveBody(edge, exchange, route, (bytes) => {
      verify({ bytes, content: contentOf(route, bytes) });
    });
  } else {
    verify(undefined);
  }
}

/** A server counts from when it has proved its name, so that nobody else uses up its turns. */
async function waitForTurn(edge: Edge, exchange: Exchange, { endpoint }: Route): Promise<void> {
  if (endpoint.serverRateLimit === false || exchange.origin === undefined) return;
  exchange.endTurn = await edge.serverRateLimiter?.enter(exchange.origin);
}

function accept(edge: Edge, exchange: Exchange, route: Route): void {
  readParameters(exchange, route);
  if (!route.readsBody) {
    invoke(edge, exchange, route);
  } else if (route.endpoint.bodyAs === 'stream') {
    exchange.body = streamBody(exchange.incoming, route.bodyBytesMax);
    invoke(edge, exchange, route);
  } else {
    receiveBody(edge, exchange, route, (bytes) => {
      exchange.body = bodyOf(route, bytes);
      invoke(edge, exchange, route);
    });
  }
}

function readParameters(exchange: Exchange, route: Route): void {
  countAgainstLimit(exchange, route);
  exchange.params = route.params(exchange.pathParams);
  exchange.query = route.query(exchange.queryText);
}

function receiveBody(
  edge: Edge,
  exchange: Exchange,
  route: Route,
  then: (bytes: Buffer) => void,
): void {
  const isKnown = exchange.requester !== undefined;
  const count = isKnown ? undefined : edge.heldBodies.counterFor(exchange);
  readBody(exchange.incoming, route.bodyBytesMax, count, (failure, bytes) => {
    try {
      if (failure !== undefined) throw failure;
      then(bytes);
    } catch (error) {
      refuse(edge, exchange, error);
    }
  });
}

function countAgainstLimit(exchange: Exchange, { rateLimit }: Route): void {
  if (rateLimit === undefined || exchange.requester?.isRateLimitExempt === true) return;
  const key =
    rateLimit.keyedBy === 'user'
      ? (exchange.requester?.userId ?? exchange.clientAddress)
      : exchange.clientAddress;
  rateLimit.limiter.check(key);
}

function bodyOf(route: Route, bytes: Buffer): unknown {
  if (route.endpoint.bodyAs === 'bytes') return bytes;
  const value = contentOf(route, bytes);
  route.checkBody(value);
  return value;
}

function contentOf({ endpoint }: Route, bytes: Buffer): unknown {
  if (bytes.length === 0 && endpoint.bodyOptional !== true) throw notJson('The body is empty');
  return bytes.length === 0 ? {} : parseJsonBody(bytes);
}

function invoke(edge: Edge, exchange: Exchange, route: Route): void {
  const result = route.invoke(exchange);
  if (result instanceof Promise) {
    result
      .then((value) => answer(edge, exchange, value))
      .catch((error: unknown) => refuse(edge, exchange, error));
  } else {
    answer(edge, exchange, result);
  }
}

function answer(edge: Edge, exchange: Exchange, result: object): void {
  finishAfter(edge, exchange, writeResult(exchange, result));
}

function finishAfter(edge: Edge, exchange: Exchange, written: WrittenBytes): void {
  if (typeof written === 'number') {
    finish(edge, exchange, exchange.response.statusCode, written);
    return;
  }
  written
    .then((bytes) => finish(edge, exchange, exchange.response.statusCode, bytes))
    .catch((error: unknown) => refuse(edge, exchange, error));
}

/** Every request that is not answered by its handler's result ends here. */
function refuse(edge: Edge, exchange: Exchange, error: unknown): void {
  if (error instanceof ClientGoneError) {
    finish(edge, exchange, clientGoneStatus, 0);
    return;
  }
  const refusal = toMatrixError(error, exchange, edge.reportFault);
  if (exchange.response.headersSent) {
    // Half a body is out: only a broken connection tells the client that it is not whole.
    exchange.response.destroy();
    finish(edge, exchange, refusal.status, 0);
    return;
  }
  const text = JSON.stringify(refusal.body());
  const { status } = refusal;
  const bytes = writeText(exchange, status, 'application/json', text, refusal.headers());
  finish(edge, exchange, status, bytes);
}

function finish(edge: Edge, exchange: Exchange, status: number, bytes: number): void {
  edge.running.finished(exchange);
  exchange.endTurn?.();
  edge.accessLog(exchange, exchange.response.closed ? clientGoneStatus : status, bytes);
}
