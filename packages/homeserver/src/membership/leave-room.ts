import { forbidden } from '../errors/matrix-error.ts';
import { changeMembership, notInRoom } from './change-membership.ts';
import { isResident } from './is-resident.ts';
import { readMembership } from './membership-store.ts';
import { leaveRemotely } from './remote/leave-remotely.ts';
import type { RemoteRooms } from './remote/remote-rooms.ts';

/** Whose membership is to end. */
export interface LeaveRequest {
  readonly roomNid: number;
  readonly userNid: number;
  readonly reason?: string | undefined;
}

/**
 * Leaves a room, rejects an invitation or takes back a knock, through other servers where this one is not in the
 * room. Throws `MatrixError`.
 */
export async function leaveRoom(
  remote: RemoteRooms,
  { roomNid, userNid, reason }: LeaveRequest,
): Promise<void> {
  const { rooms } = remote;
  const { reader } = rooms.database;
  if (await isResident(rooms, reader, roomNid)) {
    const userId = await rooms.names.users.text(userNid);
    const leave = { sender: userId, target: userId, action: 'leave' } as const;
    await changeMembership(rooms, { roomNid, ...leave, reason });
    return;
  }
  const record = await readMembership(reader, userNid, roomNid);
  if (record === undefined) throw notInRoom();
  if (record.membership === 'ban') throw forbidden('You are not in this room');
  if (record.membership === 'leave') return;
  await leaveRemotely(remote, record, reason);
}
