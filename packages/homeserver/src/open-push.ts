import { canonicalEmail } from './accounts/three-pids/canonical-email.ts';
import { readOwnerOfAddress } from './accounts/three-pids/three-pid-store.ts';
import type { Config } from './config/config.ts';
import type { Mailer } from './mail/mailer.ts';
import type { OutboundClient } from './outbound/outbound-client.ts';
import type { PushRules } from './push/push-rules.ts';
import { deliverMail } from './push/pushers/deliver-mail.ts';
import { deliverPush } from './push/pushers/deliver-push.ts';
import type { PushDelivery } from './push/pushers/deliver-push.ts';
import { Deliveries } from './push/pushers/deliveries.ts';
import { pushIndex } from './push/pushers/push-index.ts';
import { readPusher } from './push/pushers/pusher-store.ts';
import { openPushers } from './push/pushers/pushers.ts';
import type { Pushers } from './push/pushers/pushers.ts';
import { LogFollower } from './streams/log-follower.ts';
import type { Logger } from './telemetry/logger.ts';

export interface PushParts {
  readonly config: Config;
  readonly logger: Logger;
  readonly pushRules: PushRules;
  readonly http: OutboundClient;
  readonly mailer: Mailer | undefined;
  readonly baseUrl: string;
  readonly now: () => number;
}

/** Opens the pushers; where push is enabled they are told of everything from where they were left. */
export async function openPush(
  parts: PushParts,
): Promise<{ readonly pushers: Pushers; close(): Promise<void> }> {
  const { config, logger, pushRules, http, baseUrl, now } = parts;
  const mailer = parts.mailer?.settings.enableNotifs === true ? parts.mailer : undefined;
  const pushers = await openPushers({
    pushRules,
    config: config.push,
    ownerOfAddress: (text) => {
      const address = canonicalEmail(text);
      return readOwnerOfAddress(pushRules.rooms.database.reader, { medium: 'email', address });
    },
    mailer,
    baseUrl,
    now,
  });
  if (!config.push.enabled) return { pushers, close: async () => undefined };
  const { database } = pushers;
  const deliveries = new Deliveries({
    reader: database.reader,
    logger,
    now,
    jitterMs: config.push.jitterDelayMs,
    deliver: (pusherNid, signal) => deliver({ pushers, http, logger, signal }, pusherNid),
  });
  const mailDelayMs = mailer?.settings.notifDelayBeforeMailMs ?? 0;
  const index = pushIndex(pushers, mailDelayMs, () => deliveries.wake());
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

/** Tells a pusher the next thing; false once there is nothing more to tell for now. */
async function deliver(delivery: PushDelivery, pusherNid: number): Promise<boolean> {
  const { database, mailer } = delivery.pushers;
  const pusher = await readPusher(database.reader, pusherNid);
  if (pusher === undefined) return false;
  if (pusher.kind === 'http') return deliverPush(delivery, pusher);
  return mailer !== undefined && deliverMail(delivery, pusher, mailer);
}
