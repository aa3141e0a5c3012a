import { forbidden } from '../errors/matrix-error.ts';
import { writeToRoom } from '../rooms/room-write.ts';
import type { RoomWrite } from '../rooms/room-write.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { appendEvent } from '../rooms/send-event.ts';
import type { SendRequest } from '../rooms/send-event.ts';
import { readGuestMembers } from './membership-store.ts';

/**
 * Sets `m.room.guest_access`; guests that it no longer lets in leave in the same change (CS API, "Guest Access":
 * "Server behaviour"). Resolves to the event's ID; throws `MatrixError`.
 */
export async function setGuestAccess(rooms: Rooms, request: SendRequest): Promise<string> {
  const roomNid = await rooms.names.rooms.find(request.roomId);
  if (roomNid === undefined) throw forbidden('You are not in this room');
  const written = await writeToRoom(rooms, roomNid, async (write) => {
    const eventId = await appendEvent(write, request, undefined);
    if (request.content['guest_access'] !== 'can_join') await removeGuests(rooms, write);
    return eventId;
  });
  return written.value;
}

async function removeGuests(rooms: Rooms, write: RoomWrite): Promise<void> {
  // A guest whose join is being committed is to be found too.
  await write.head.lastChange?.done.then(ignore, ignore);
  for (const userNid of await readGuestMembers(rooms.database.reader, write.head.roomNid)) {
    const userId = await rooms.names.users.text(userNid);
    await write.append({
      type: 'm.room.member',
      stateKey: userId,
      sender: userId,
      content: { membership: 'leave' },
    });
  }
}

function ignore(): void {}
