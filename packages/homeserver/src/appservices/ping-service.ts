import { MatrixError } from '../errors/matrix-error.ts';
import { OutboundError } from '../outbound/outbound-error.ts';
import type { ApplicationService } from './application-service.ts';
import { pingBodyBytesMax, questionTimeoutMs } from './limits.ts';
import { isSuccess } from './service-client.ts';
import type { ServiceAnswer, ServiceClient } from './service-client.ts';

/**
 * Asks a service whether it is there (Application Service API, "Pinging"). Resolves to how long the answer took, in
 * milliseconds. Throws `400 M_URL_NOT_SET`, `502 M_CONNECTION_FAILED`, `502 M_BAD_STATUS`, `504 M_CONNECTION_TIMEOUT`.
 */
export async function pingService(
  client: ServiceClient,
  service: ApplicationService,
  transactionId: string | undefined,
): Promise<number> {
  if (service.config.url === undefined) {
    throw new MatrixError(400, 'M_URL_NOT_SET', 'The application service has no URL');
  }
  const startedMs = performance.now();
  const answer = await ask(client, service, transactionId);
  if (isSuccess(answer)) return Math.round(performance.now() - startedMs);
  throw new MatrixError(502, 'M_BAD_STATUS', `The ping was answered with ${answer.status}`, {
    status: answer.status,
    body: answer.body.subarray(0, pingBodyBytesMax).toString(),
  });
}

async function ask(
  client: ServiceClient,
  service: ApplicationService,
  transactionId: string | undefined,
): Promise<ServiceAnswer> {
  try {
    return await client.call(service, {
      method: 'POST',
      path: '/_matrix/app/v1/ping',
      body: JSON.stringify(transactionId === undefined ? {} : { transaction_id: transactionId }),
      timeoutMs: questionTimeoutMs,
    });
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    const [status, errcode] =
      error.failure === 'timeout'
        ? ([504, 'M_CONNECTION_TIMEOUT'] as const)
        : ([502, 'M_CONNECTION_FAILED'] as const);
    throw new MatrixError(
      status,
      errcode,
      `The application service was not reached: ${error.message}`,
    );
  }
}
