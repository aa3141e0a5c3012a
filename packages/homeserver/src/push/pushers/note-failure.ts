import { write } from '../../storage/database.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { giveUpAfterMs, retryMsFirst, retryMsMax } from './limits.ts';
import { deleteOldPushesStatement, deletePushStatement } from './push-queue-store.ts';
import type { QueuedPush } from './push-queue-store.ts';
import { pusherFailedStatement, pusherReachedStatement } from './pusher-store.ts';
import type { Pusher } from './pusher-store.ts';
import type { Pushers } from './pushers.ts';

/** Puts off a pusher that could not be told something; what could not be told for very long is given up. */
export async function noteFailure(
  { pushers, logger }: { readonly pushers: Pushers; readonly logger: Logger },
  pusher: Pusher,
  push: QueuedPush,
  error: unknown,
): Promise<void> {
  const { pusherNid, failures } = pusher;
  const nowMs = pushers.now();
  const since = pusher.failingSinceTs ?? nowMs;
  logger.info({ app_id: pusher.appId, failures, err: error }, 'a push was not delivered');
  if (nowMs - since >= giveUpAfterMs) {
    logger.warn({ app_id: pusher.appId }, 'pushes were given up');
    await write(pushers.database, {
      positions: 0,
      statements: [
        deletePushStatement(pusherNid, push),
        // Once its gateway is back, nobody wants to be told of all that has grown old.
        deleteOldPushesStatement(pusherNid, nowMs - giveUpAfterMs),
        pusherReachedStatement(pusherNid, pusher.badge, 0),
      ],
    });
    return;
  }
  const waitMs = Math.min(retryMsFirst * 2 ** Math.min(failures, 20), retryMsMax);
  await write(pushers.database, {
    positions: 0,
    statements: [pusherFailedStatement(pusherNid, nowMs + waitMs, failures + 1, since)],
  });
}
