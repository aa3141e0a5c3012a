import type { FederationClient } from '../federation-client/federation-client.ts';
import { FederationError } from '../federation-client/federation-error.ts';
import { pauseBeforeRetry } from '../federation-client/retries.ts';
import type { RetrySettings } from '../federation-client/retries.ts';
import { OutboundError } from '../outbound/outbound-error.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Slots } from './slots.ts';
import { errorsIn, transactionText } from './transaction.ts';
import type { Transaction, TransactionIds } from './transaction.ts';

/** What transactions are sent with. */
export interface TransactionParts {
  readonly serverName: string;
  readonly client: Pick<FederationClient, 'requestJson' | 'allows'>;
  readonly ids: TransactionIds;
  readonly slots: Slots;
  readonly settings: RetrySettings;
  readonly logger: Logger;
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Gives up what is under way. */
  readonly aborting: AbortSignal;
}

/** What may cut a pause short. */
export interface Patience {
  /** Waits, if it is worth while to try once more. */
  pause(wait: (signal: AbortSignal) => Promise<void>): Promise<boolean>;
}

/**
 * Brings a transaction to a destination, under one ID as often as it takes for as long as that cannot be reached.
 * Throws a FederationError. What the destination says against single PDUs is logged: it is not sent again.
 */
export async function sendTransaction(
  destination: string,
  transaction: Transaction,
  patience: Patience,
  parts: TransactionParts,
): Promise<void> {
  const { serverName, client, ids, slots, settings, now, random, aborting } = parts;
  const request = {
    destination,
    method: 'PUT',
    path: `/_matrix/federation/v1/send/${ids.next()}`,
    bodyText: transactionText(serverName, now(), transaction),
    // Counted as a failure by the queue, once nothing more is tried.
    ignoresBackoff: true,
    retries: 'none',
    signal: aborting,
  } as const;
  for (let retries = 0; ; retries += 1) {
    const release = await slots.take();
    try {
      logErrors(destination, errorsIn(await client.requestJson(request)), parts.logger);
      return;
    } catch (error) {
      if (!isUnreachable(error) || retries >= settings.longRetries) throw error;
      release();
      const isWorthIt = await patience.pause((signal) =>
        pauseBeforeRetry('long', retries, settings, random(), signal),
      );
      if (!isWorthIt) throw error;
    } finally {
      release();
    }
  }
}

function isUnreachable(error: unknown): boolean {
  const cause = error instanceof FederationError ? error.cause : undefined;
  return cause instanceof OutboundError && cause.failure === 'connection';
}

function logErrors(server: string, errors: ReadonlyMap<string, unknown>, logger: Logger): void {
  for (const [eventId, error] of errors) {
    logger.warn({ server, eventId, error }, 'a destination did not take an event');
  }
}
