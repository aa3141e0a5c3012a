import { userSuspended } from '../errors/matrix-error.ts';
import type { Requester } from '../http/endpoint.ts';
import { readEventById } from '../rooms/event-store.ts';
import type { Rooms } from '../rooms/rooms.ts';

/** Of an event, what decides whether a suspended user may send it. */
interface WantedEvent {
  readonly type: string;
  readonly stateKey?: string;
  readonly content: Readonly<Record<string, unknown>>;
  readonly redacts?: string | undefined;
}

/**
 * Client-server API, "Account suspension": of all events, a suspended user may leave rooms and redact what is
 * their own. Throws `403 M_USER_SUSPENDED`.
 */
export async function checkMaySend(
  rooms: Rooms,
  requester: Requester,
  event: WantedEvent,
): Promise<void> {
  if (requester.isSuspended !== true) return;
  const { type, stateKey, content, redacts } = event;
  const isLeave = type === 'm.room.member' && content['membership'] === 'leave';
  if (isLeave && stateKey === requester.userId) return;
  if (redacts !== undefined) {
    const target = await readEventById(rooms.database.reader, redacts);
    if (target?.sender_nid === requester.userNid) return;
    throw userSuspended('You can only redact your own events while suspended');
  }
  throw userSuspended();
}
