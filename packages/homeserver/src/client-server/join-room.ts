import { Type } from 'typebox';

import type { AliasedRoom } from '../directory/look-up-alias.ts';
import { lookUpAlias } from '../directory/look-up-alias.ts';
import { invalidParam, notFound } from '../errors/matrix-error.ts';
import { readThirdPartyInvite } from '../federation/third-party/third-party-invite.ts';
import type { Requester } from '../http/endpoint.ts';
import { JsonObject } from '../http/schemas.ts';
import { carryOverSettings } from '../membership/carry-over-settings.ts';
import { isResident } from '../membership/is-resident.ts';
import { joinRoom } from '../membership/join-room.ts';
import type { Rooms } from '../rooms/rooms.ts';
import type { ClientServices } from './services.ts';
import { withShownProfile } from './shown-profile.ts';

/** Other keys go into the member event, as with Synapse. */
export const JoinBody = Type.Object({
  reason: Type.Optional(Type.String()),
  third_party_signed: Type.Optional(
    Type.Object({
      sender: Type.String(),
      mxid: Type.String(),
      token: Type.String(),
      signatures: JsonObject,
    }),
  ),
});
type JoinBody = Type.Static<typeof JoinBody>;

/** Joins a room; the answer is the same for all endpoints that join. */
export async function joinAs(
  services: ClientServices,
  requester: Requester,
  { roomId, servers }: AliasedRoom,
  { reason, third_party_signed: signed, ...given }: JoinBody,
): Promise<{ room_id: string }> {
  const { rooms, remoteRooms, copyRoomRules, redeemInvite } = services;
  const { userId, userNid, isGuest, isAdmin } = requester;
  const isNew = await isNewMember(services, requester, roomId);
  if (isNew) await countJoin(services, requester, roomId);
  if (isNew && signed !== undefined) {
    const { sender, ...proof } = signed;
    const invite = { roomId, sender, target: userId, signed: proof };
    await redeemInvite(readThirdPartyInvite(invite));
  }
  const content = await withShownProfile(services, userId, userId, {
    ...given,
    membership: 'join',
  });
  const user = { userId, userNid, isGuest, isAdmin };
  const join = { roomId, ...user, reason, profile: {}, content, via: servers };
  await joinRoom(remoteRooms, join);
  if (isNew) await carryOverSettings(rooms, userNid, roomId, copyRoomRules);
  return { room_id: roomId };
}

export async function isNewMember(
  { rooms }: ClientServices,
  { userNid }: Requester,
  roomId: string,
): Promise<boolean> {
  const roomNid = await rooms.names.rooms.find(roomId);
  return roomNid === undefined || !(await rooms.isJoined(rooms.database.reader, userNid, roomNid));
}

/** Who is in the room already may join as often as they like. Throws `429 M_LIMIT_EXCEEDED`. */
export async function countJoin(
  { rooms, rateLimits }: ClientServices,
  { userId, isRateLimitExempt }: Requester,
  roomId: string,
): Promise<void> {
  if (isRateLimitExempt === true) return;
  const roomNid = await rooms.names.rooms.find(roomId);
  const { reader } = rooms.database;
  const isHere = roomNid !== undefined && (await isResident(rooms, reader, roomNid));
  rateLimits[isHere ? 'rc_joins.local' : 'rc_joins.remote'].check(userId);
  rateLimits.rc_joins_per_room.check(roomId);
}

/** Throws `404 M_NOT_FOUND`. */
export async function findRoom(rooms: Rooms, roomId: string): Promise<number> {
  const roomNid = await rooms.names.rooms.find(roomId);
  if (roomNid === undefined) throw notFound('No such room is known to this server');
  return roomNid;
}

/** Servers to go through, in the query; `server_name` is the name from before v1.12. */
export interface Via {
  readonly via?: readonly string[];
  readonly server_name?: readonly string[];
}

/**
 * The room that a client names by its ID or alias. Throws `400 M_INVALID_PARAM`, `404 M_NOT_FOUND`, and `502 M_UNKNOWN`
 * where the alias's server is not to be had.
 */
export async function resolveRoom(
  { directory }: Pick<ClientServices, 'directory'>,
  roomIdOrAlias: string,
  { via = [], server_name: older = [] }: Via,
): Promise<AliasedRoom> {
  const named = via.length > 0 ? via : older;
  if (roomIdOrAlias.startsWith('!')) return { roomId: roomIdOrAlias, servers: named };
  if (!roomIdOrAlias.startsWith('#')) {
    throw invalidParam(`${roomIdOrAlias} is neither a room ID nor a room alias`);
  }
  const { roomId, servers } = await lookUpAlias(directory, roomIdOrAlias);
  return { roomId, servers: [...named, ...servers] };
}
