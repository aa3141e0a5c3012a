import type { OutboundClient } from '../../outbound/outbound-client.ts';
import { write } from '../../storage/database.ts';
import type { Statement } from '../../storage/sql.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { httpNotification } from './http-notification.ts';
import { noteFailure } from './note-failure.ts';
import { notifyGateway } from './notify-gateway.ts';
import { deletePushStatement, readQueuedPushes } from './push-queue-store.ts';
import { deletePusherStatements, pusherReachedStatement } from './pusher-store.ts';
import type { Pusher } from './pusher-store.ts';
import type { Pushers } from './pushers.ts';

export interface PushDelivery {
  readonly pushers: Pushers;
  readonly http: OutboundClient;
  readonly logger: Logger;
  /** Aborted when the server stops. */
  readonly signal: AbortSignal;
}

/**
 * Tells a gateway the next thing that is queued for a pusher. What is told leaves the queue afterwards, so that a crash
 * between the two tells it twice, which gateways sort out by the event ID. Resolves to false once there is nothing
 * more to tell for now.
 */
export async function deliverPush(delivery: PushDelivery, pusher: Pusher): Promise<boolean> {
  const { pushers, http, signal } = delivery;
  const { pusherNid } = pusher;
  const [push] = await readQueuedPushes(pushers.database.reader, pusherNid, 1);
  if (push === undefined) return false;
  const { body, badge } = await httpNotification(pushers, pusher, push);
  const removed = deletePushStatement(pusherNid, push);
  if (body === undefined) {
    await store(pushers, [removed]);
    return true;
  }
  try {
    const { url } = pusher.description.data;
    if (typeof url !== 'string') throw new Error('the pusher has no gateway');
    const rejected = await notifyGateway(http, url, body, signal);
    if (rejected.includes(pusher.pushkey)) {
      delivery.logger.info({ app_id: pusher.appId }, 'a push gateway has rejected a pusher');
      await store(pushers, deletePusherStatements(pusher.userNid, pusher.appId, pusher.pushkey));
      return false;
    }
  } catch (error) {
    if (!signal.aborted) await noteFailure(delivery, pusher, push, error);
    return false;
  }
  await store(pushers, [removed, pusherReachedStatement(pusherNid, badge, 0)]);
  return true;
}

async function store({ database }: Pushers, statements: readonly Statement[]): Promise<void> {
  await write(database, { statements, positions: 0 });
}
