import type { Mailer } from '../../mail/mailer.ts';
import { readAt, write } from '../../storage/database.ts';
import type { PushDelivery } from './deliver-push.ts';
import { putEmailThrottleStatement, readEmailThrottles } from './email-throttle-store.ts';
import { readyAt, throttled } from './email-throttle.ts';
import type { EmailThrottle } from './email-throttle.ts';
import { mailedPushesMax } from './limits.ts';
import { noteFailure } from './note-failure.ts';
import { notificationMail } from './notification-mail.ts';
import type { MailedRoom } from './notification-mail.ts';
import { deletePushStatement, readQueuedPushes } from './push-queue-store.ts';
import type { QueuedPush } from './push-queue-store.ts';
import { pusherReachedStatement } from './pusher-store.ts';
import type { Pusher } from './pusher-store.ts';
import type { Pushers } from './pushers.ts';
import { readLivePushes, readMailedRooms } from './read-mailed-rooms.ts';
import { unsubscribeLink } from './unsubscribe.ts';

/** What is queued for a mail pusher, and what of it is still unread. */
interface Due {
  readonly queued: readonly QueuedPush[];
  readonly unread: readonly QueuedPush[];
  readonly throttles: ReadonlyMap<number, EmailThrottle>;
  readonly rooms: readonly MailedRoom[];
}

/**
 * Mails what has been unread for a while: once one event is ready, all that is unread is told. Otherwise the pusher is
 * put off until one will be. Always resolves to false: there is nothing more to tell for now.
 */
export async function deliverMail(
  delivery: PushDelivery,
  pusher: Pusher,
  mailer: Mailer,
): Promise<boolean> {
  const { pushers } = delivery;
  const due = await readDue(pushers, pusher);
  const { queued, unread, throttles } = due;
  const delayMs = mailer.settings.notifDelayBeforeMailMs;
  const [first] = unread;
  if (first === undefined) {
    await settle(pushers, pusher, queued, new Map());
    return false;
  }
  const nextTs = Math.min(
    ...unread.map(({ queuedTs, roomNid }) => readyAt(queuedTs, delayMs, throttles.get(roomNid))),
  );
  const nowMs = pushers.now();
  if (nextTs > nowMs) {
    const statements = [pusherReachedStatement(pusher.pusherNid, undefined, nextTs)];
    await write(pushers.database, { statements, positions: 0 });
    return false;
  }
  try {
    await sendMail(pushers, pusher, mailer, due.rooms);
  } catch (error) {
    await noteFailure(delivery, pusher, first, error);
    return false;
  }
  await settle(pushers, pusher, queued, nextThrottles(due, delayMs, nowMs));
  return false;
}

function readDue(pushers: Pushers, pusher: Pusher): Promise<Due> {
  const { rooms } = pushers.pushRules;
  return readAt(pushers.database, async (reader) => {
    const queued = await readQueuedPushes(reader, pusher.pusherNid, mailedPushesMax);
    const live = await readLivePushes(reader, pusher, queued);
    return {
      queued,
      unread: live.map(({ push }) => push),
      throttles: await readEmailThrottles(reader, pusher.pusherNid),
      rooms: await readMailedRooms(rooms, reader, pusher, live),
    };
  });
}

async function sendMail(
  pushers: Pushers,
  pusher: Pusher,
  mailer: Mailer,
  rooms: readonly MailedRoom[],
): Promise<void> {
  const { names, profileOf } = pushers.pushRules.rooms;
  const userId = await names.users.text(pusher.userNid);
  const { displayName = userId } = await profileOf(userId);
  const link = unsubscribeLink(pushers, pusher);
  await mailer.send(
    notificationMail(mailer, pusher, { rooms, displayName, unsubscribeLink: link }),
  );
}

function nextThrottles(
  { unread, throttles }: Due,
  delayMs: number,
  nowMs: number,
): ReadonlyMap<number, EmailThrottle> {
  const next = new Map<number, EmailThrottle>();
  for (const [roomNid, ofRoom] of Map.groupBy(unread, (push) => push.roomNid)) {
    const times = ofRoom.map(({ queuedTs }) => queuedTs);
    const told = { firstTs: Math.min(...times), lastTs: Math.max(...times) };
    next.set(roomNid, throttled(throttles.get(roomNid), told, delayMs, nowMs));
  }
  return next;
}

/** Everything that was queued is told, or is not to be told any more. */
async function settle(
  { database }: Pushers,
  { pusherNid }: Pusher,
  queued: readonly QueuedPush[],
  throttles: ReadonlyMap<number, EmailThrottle>,
): Promise<void> {
  await write(database, {
    statements: [
      ...queued.map((push) => deletePushStatement(pusherNid, push)),
      ...[...throttles].map(([roomNid, throttle]) =>
        putEmailThrottleStatement(pusherNid, roomNid, throttle),
      ),
      pusherReachedStatement(pusherNid, undefined, 0),
    ],
    positions: 0,
  });
}
