import { resolveAlias } from '../directory/resolve-alias.ts';
import { invalidParam, notFound } from '../errors/matrix-error.ts';
import type { Requester } from '../http/endpoint.ts';
import { carryOverSettings } from '../membership/carry-over-settings.ts';
import { changeMembership } from '../membership/change-membership.ts';
import type { Rooms } from '../rooms/rooms.ts';
import type { ClientServices } from './services.ts';

/** Joins a room that this server has; the answer is the same for all endpoints that join. */
export async function joinRoom(
  services: ClientServices,
  requester: Requester,
  roomId: string,
  reason: string | undefined,
): Promise<{ room_id: string }> {
  const { rooms, copyRoomRules } = services;
  const { userId, userNid, isGuest } = requester;
  const roomNid = await findRoom(rooms, roomId);
  const isNew = await isNewMember(services, requester, roomNid);
  if (isNew) countJoin(services, requester, roomId);
  await changeMembership(rooms, {
    roomNid,
    sender: userId,
    target: userId,
    action: 'join',
    reason,
    profile: await rooms.profileOf(userId),
    isGuest,
  });
  if (isNew) await carryOverSettings(rooms, userNid, roomId, copyRoomRules);
  return { room_id: roomId };
}

export async function isNewMember(
  { rooms }: ClientServices,
  { userNid }: Requester,
  roomNid: number,
): Promise<boolean> {
  return !(await rooms.isJoined(rooms.database.reader, userNid, roomNid));
}

/** Who is in the room already may join as often as they like. Throws `429 M_LIMIT_EXCEEDED`. */
export function countJoin(
  { rateLimits }: ClientServices,
  { userId, isRateLimitExempt }: Requester,
  roomId: string,
): void {
  if (isRateLimitExempt === true) return;
  rateLimits['rc_joins.local'].check(userId);
  rateLimits.rc_joins_per_room.check(roomId);
}

/** Throws `404 M_NOT_FOUND`. */
export async function findRoom(rooms: Rooms, roomId: string): Promise<number> {
  const roomNid = await rooms.names.rooms.find(roomId);
  if (roomNid === undefined) throw notFound('No such room is known to this server');
  return roomNid;
}

/** The ID of a room that a client names by its ID or alias. Throws `400 M_INVALID_PARAM`, `404 M_NOT_FOUND`. */
export async function resolveRoom(
  { directory }: Pick<ClientServices, 'directory'>,
  roomIdOrAlias: string,
): Promise<string> {
  if (roomIdOrAlias.startsWith('#')) return resolveAlias(directory, roomIdOrAlias);
  if (roomIdOrAlias.startsWith('!')) return roomIdOrAlias;
  throw invalidParam(`${roomIdOrAlias} is neither a room ID nor a room alias`);
}
