import type { Logger } from '../telemetry/logger.ts';
import type { ReportFault } from './error-mapping.ts';
import type { Exchange } from './exchange.ts';

/** Is called once per request, when its response has been handed to the connection. */
export type AccessLog = (exchange: Exchange, status: number, bytes: number) => void;

/**
 * One line per request. The query is left out: it may hold an access token. `bytes` are those of the
 * response's body; the status 499 says that the client went away before.
 */
export function accessLog(logger: Logger): AccessLog {
  return (exchange, status, bytes) => {
    logger.info(
      {
        id: exchange.requestId,
        op: exchange.route?.endpoint.operationId,
        method: exchange.incoming.method,
        path: exchange.path,
        status,
        user: exchange.requester?.userId,
        origin: exchange.origin,
        ms: Math.round((performance.now() - exchange.startedAtMs) * 100) / 100,
        bytes,
        address: exchange.clientAddress,
      },
      'request',
    );
  };
}

/** A fault of the server in a request, with its cause. */
export function faultLog(logger: Logger): ReportFault {
  return (error, exchange) => {
    logger.error(
      {
        id: exchange.requestId,
        op: exchange.route?.endpoint.operationId,
        method: exchange.incoming.method,
        path: exchange.path,
        user: exchange.requester?.userId,
        err: error,
      },
      'request failed',
    );
  };
}
