import type { Config } from './config/config.ts';
import type { OutboundClient } from './outbound/outbound-client.ts';
import type { PushRules } from './push/push-rules.ts';
import { deliverPush } from './push/pushers/deliver-push.ts';
import { Deliveries } from './push/pushers/deliveries.ts';
import { pushIndex } from './push/pushers/push-index.ts';
import { openPushers } from './push/pushers/pushers.ts';
import type { Pushers } from './push/pushers/pushers.ts';
import { LogFollower } from './streams/log-follower.ts';
import type { Logger } from './telemetry/logger.ts';

export interface PushParts {
  readonly config: Config;
  readonly logger: Logger;
  readonly pushRules: PushRules;
  readonly http: OutboundClient;
  readonly now: () => number;
}

/** Opens the pushers; where push is enabled they are told of everything from where they were left. */
export async function openPush(
  parts: PushParts,
): Promise<{ readonly pushers: Pushers; close(): Promise<void> }> {
  const { config, logger, pushRules, http, now } = parts;
  const pushers = await openPushers({
    pushRules,
    config: config.push,
    ownerOfAddress: async () => undefined,
    canMail: false,
    now,
  });
  if (!config.push.enabled) return { pushers, close: async () => undefined };
  const { database } = pushers;
  const deliveries = new Deliveries({
    reader: database.reader,
    logger,
    now,
    jitterMs: config.push.jitterDelayMs,
    deliver: (pusherNid, signal) => deliverPush({ pushers, http, logger, signal }, pusherNid),
  });
  const index = pushIndex(pushers, 0, () => deliveries.wake());
  const follower = await LogFollower.open(database, logger, index);
  deliveries.wake();
  return {
    pushers,
    close: async () => {
      await follower.close();
      await deliveries.close();
    },
  };
}
