import { setTimeout as sleep } from 'node:timers/promises';

import type { FederationConfig } from '../config/config.ts';
import { OutboundError } from '../outbound/outbound-error.ts';

export type RetryKind = 'none' | 'short' | 'long';

/** From `federation` in the configuration. */
export type RetrySettings = Pick<
  FederationConfig,
  'shortRetries' | 'longRetries' | 'shortRetryDelayMsMax' | 'longRetryDelayMsMax'
>;

const firstShortDelayMs = 500;
const firstLongDelayMs = 4_000;

export function retriesOf(kind: RetryKind, settings: RetrySettings): number {
  if (kind === 'none') return 0;
  return kind === 'short' ? settings.shortRetries : settings.longRetries;
}

/** `random` from 0 to 1. Throws an OutboundError `aborted` when the caller gives up meanwhile. */
export async function pauseBeforeRetry(
  kind: RetryKind,
  retries: number,
  settings: RetrySettings,
  random: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const [firstMs, factor, msMax] =
    kind === 'short'
      ? [firstShortDelayMs, 2, settings.shortRetryDelayMsMax]
      : [firstLongDelayMs, 4, settings.longRetryDelayMsMax];
  const delayMs = Math.min(firstMs * factor ** retries, msMax) * (0.8 + 0.6 * random);
  try {
    await sleep(delayMs, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    throw new OutboundError('aborted', 'the request was given up', { cause: error });
  }
}
