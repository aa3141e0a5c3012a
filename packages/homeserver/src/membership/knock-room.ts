import type { Profile } from '../rooms/profile.ts';
import { changeMembership } from './change-membership.ts';
import { isResident } from './is-resident.ts';
import { memberContent } from './join-room.ts';
import { knockRemotely } from './remote/knock-remotely.ts';
import type { RemoteRooms } from './remote/remote-rooms.ts';

/** Who knocks at what. */
export interface KnockRequest {
  readonly roomId: string;
  readonly userId: string;
  readonly reason: string | undefined;
  readonly profile: Profile;
  readonly via: readonly string[];
}

/** Knocks at a room, through other servers where this one is not in it. Throws `MatrixError`. */
export async function knockRoom(remote: RemoteRooms, request: KnockRequest): Promise<void> {
  const { rooms } = remote;
  const { roomId, userId, reason, profile, via } = request;
  const roomNid = await rooms.names.rooms.find(roomId);
  if (roomNid !== undefined && (await isResident(rooms, rooms.database.reader, roomNid))) {
    const knock = { sender: userId, target: userId, action: 'knock' } as const;
    await changeMembership(rooms, { roomNid, ...knock, reason, profile });
    return;
  }
  await knockRemotely(remote, { roomId, userId, via, content: memberContent(reason, profile) });
}
