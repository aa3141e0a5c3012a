import { readGuests } from '../accounts/account-store.ts';
import { guestAccessForbidden } from '../errors/matrix-error.ts';
import type { RoomHead } from '../rooms/room-head.ts';
import type { Rooms } from '../rooms/rooms.ts';

const GUEST_ACCESS = ['m.room.guest_access', ''] as const;

/** Client-server API, "Guest access": whether guests may be in a room with this content of the event. */
export function letsGuestsJoin(content: Readonly<Record<string, unknown>> | undefined): boolean {
  return content?.['guest_access'] === 'can_join';
}

/** Throws `403 M_GUEST_ACCESS_FORBIDDEN` for a guest of this server, unless the room lets guests in. */
export async function checkGuestMayJoin(
  rooms: Rooms,
  head: RoomHead,
  userId: string,
): Promise<void> {
  await head.load([['m.room.member', userId], GUEST_ACCESS]);
  if (head.get('m.room.member', userId)?.event.content['membership'] === 'join') return;
  const userNid = await rooms.names.users.find(userId);
  if (userNid === undefined) return;
  if ((await readGuests(rooms.database.reader, [userNid])).length === 0) return;
  if (!letsGuestsJoin(head.get(...GUEST_ACCESS)?.event.content)) {
    throw guestAccessForbidden('Guests may not join this room');
  }
}
