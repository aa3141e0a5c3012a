/** How a room is held back in the mails of one pusher. */
export interface EmailThrottle {
  /** When the newest event that was mailed was queued. */
  readonly lastEventTs: number;
  readonly lastSentTs: number;
  /** No mail because of this room for so long after the last one. */
  readonly waitMs: number;
}

/** As Synapse: after the second mail a room waits for a day, */
const GROWTH = 144;
const WAIT_MS_MAX = 24 * 3_600_000;
/** and after so much silence it begins anew. */
const RESET_AFTER_MS = 12 * 3_600_000;

/** When an event of a room may be mailed: it must have been unread for a while, and the room not be held back. */
export function readyAt(
  queuedTs: number,
  delayMs: number,
  throttle: EmailThrottle | undefined,
): number {
  const roomReadyTs = throttle === undefined ? 0 : throttle.lastSentTs + throttle.waitMs;
  return Math.max(queuedTs + delayMs, roomReadyTs);
}

/** What holds after a mail at `nowMs`, of which the room's events were queued from `firstTs` to `lastTs`. */
export function throttled(
  before: EmailThrottle | undefined,
  { firstTs, lastTs }: { readonly firstTs: number; readonly lastTs: number },
  delayMs: number,
  nowMs: number,
): EmailThrottle {
  const isFresh = before === undefined || firstTs - before.lastEventTs > RESET_AFTER_MS;
  const waitMs = isFresh ? delayMs : Math.min(before.waitMs * GROWTH, WAIT_MS_MAX);
  return { lastEventTs: lastTs, lastSentTs: nowMs, waitMs };
}
