import { isJsonObject } from '@soma/protocol';

import { MatrixError, notFound } from '../../errors/matrix-error.ts';
import { ChangeKind } from '../../storage/change.ts';
import { readAt, write } from '../../storage/database.ts';
import type { Reader } from '../../storage/sql.ts';
import { readEventById } from '../event-store.ts';
import type { Rooms } from '../rooms.ts';
import type { StoredEvent } from '../stored-event.ts';
import { viewEvents } from '../view-events.ts';
import type { Viewer } from '../viewer.ts';
import { putSubscriptionStatement, readSubscription } from './thread-subscription-store.ts';
import type { ThreadSubscription } from './thread-subscription-store.ts';

/** A thread by the IDs of its room and root. */
export interface ThreadName {
  readonly roomId: string;
  readonly rootId: string;
}

/** Whether the viewer follows a thread. Throws `404 M_NOT_FOUND` where not. */
export function findThreadSubscription(
  rooms: Rooms,
  viewer: Viewer,
  thread: ThreadName,
): Promise<ThreadSubscription> {
  return readAt(rooms.database, async (reader) => {
    const root = await visibleEvent(rooms, reader, viewer, thread.roomId, thread.rootId);
    const found = await readSubscription(reader, viewer.userNid, root.eventNid);
    if (found?.isSubscribed !== true) throw notFound('You are not subscribed to this thread');
    return found;
  });
}

/**
 * Follows a thread; because of an event in it, unless the viewer has left the thread after that. Throws
 * `404 M_NOT_FOUND`, `400 IO.ELEMENT.MSC4306.M_NOT_IN_THREAD`,
 * `409 IO.ELEMENT.MSC4306.M_CONFLICTING_UNSUBSCRIPTION`.
 */
export async function subscribeToThread(
  rooms: Rooms,
  viewer: Viewer,
  thread: ThreadName,
  causeId: string | undefined,
): Promise<void> {
  const { root, isNew } = await readAt(rooms.database, async (reader) => {
    const event = await visibleEvent(rooms, reader, viewer, thread.roomId, thread.rootId);
    const known = await readSubscription(reader, viewer.userNid, event.eventNid);
    if (causeId === undefined) {
      return { root: event, isNew: known?.isSubscribed !== true || known.isAutomatic };
    }
    const cause = await visibleEvent(rooms, reader, viewer, thread.roomId, causeId);
    if (!isInThread(cause, thread.rootId)) {
      throw new MatrixError(
        400,
        'IO.ELEMENT.MSC4306.M_NOT_IN_THREAD',
        'The event is not in the thread',
      );
    }
    if (known?.isSubscribed === false && (cause.order ?? 0) <= known.position) {
      throw new MatrixError(
        409,
        'IO.ELEMENT.MSC4306.M_CONFLICTING_UNSUBSCRIPTION',
        'You have left the thread after that event',
      );
    }
    return { root: event, isNew: known?.isSubscribed !== true };
  });
  const isAutomatic = causeId !== undefined;
  if (isNew) await put(rooms, viewer, root, { isSubscribed: true, isAutomatic });
}

/** Follows a thread no longer. Throws `404 M_NOT_FOUND`. */
export async function unsubscribeFromThread(
  rooms: Rooms,
  viewer: Viewer,
  thread: ThreadName,
): Promise<void> {
  const root = await readAt(rooms.database, (reader) =>
    visibleEvent(rooms, reader, viewer, thread.roomId, thread.rootId),
  );
  const known = await readSubscription(rooms.database.reader, viewer.userNid, root.eventNid);
  if (known?.isSubscribed !== true) return;
  await put(rooms, viewer, root, { isSubscribed: false, isAutomatic: false });
}

async function put(
  rooms: Rooms,
  { userNid }: Viewer,
  { eventNid, roomNid }: StoredEvent,
  subscription: Omit<ThreadSubscription, 'position'>,
): Promise<void> {
  await write(rooms.database, {
    statements: [putSubscriptionStatement(userNid, { rootNid: eventNid, roomNid }, subscription)],
    positions: 1,
    touches: [{ kind: ChangeKind.userData, subject: userNid }],
  });
}

async function visibleEvent(
  rooms: Rooms,
  reader: Reader,
  viewer: Viewer,
  roomId: string,
  eventId: string,
): Promise<StoredEvent> {
  const roomNid = await rooms.names.rooms.find(roomId);
  const row = await readEventById(reader, eventId);
  const [viewed] =
    roomNid === undefined || row?.room_nid !== roomNid
      ? []
      : await viewEvents(rooms, reader, viewer, roomNid, [row]);
  if (viewed === undefined) throw notFound('There is no such event, or you may not see it');
  return viewed.event;
}

function isInThread({ pdu }: StoredEvent, rootId: string): boolean {
  const relatesTo = pdu.content['m.relates_to'];
  if (!isJsonObject(relatesTo)) return false;
  return relatesTo['rel_type'] === 'm.thread' && relatesTo['event_id'] === rootId;
}
