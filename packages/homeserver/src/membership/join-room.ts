import type { JsonObject } from '@soma/protocol';

import { MatrixError } from '../errors/matrix-error.ts';
import { readPartialRoom } from '../rooms/partial-room-store.ts';
import type { PartialRoom } from '../rooms/partial-room-store.ts';
import type { Profile } from '../rooms/profile.ts';
import { NotAuthorisedHere } from './admit-join.ts';
import { changeMembership } from './change-membership.ts';
import { isResident } from './is-resident.ts';
import { candidateServers } from './remote/candidate-servers.ts';
import { joinRemotely, joinThroughOthers } from './remote/join-remotely.ts';
import type { RemoteJoin } from './remote/join-remotely.ts';
import { wholeRoomMs } from './remote/limits.ts';
import { readOutOfBand } from './remote/out-of-band-store.ts';
import type { RemoteRooms } from './remote/remote-rooms.ts';
import { serversOfRoom } from './remote/servers-of-room.ts';

/** Who wants to join what. */
export interface JoinRequest {
  readonly roomId: string;
  readonly userId: string;
  readonly userNid: number;
  readonly isGuest: boolean;
  readonly isAdmin: boolean;
  readonly reason: string | undefined;
  readonly profile: Profile;
  /** Of the member event, beside what it has anyway. */
  readonly content?: JsonObject;
  /** Servers to go through, where this one is not in the room. */
  readonly via: readonly string[];
}

/** Joins a room, through other servers where that is needed. Throws `MatrixError`. */
export async function joinRoom(remote: RemoteRooms, request: JoinRequest): Promise<void> {
  const { rooms } = remote;
  const { roomId, userId, userNid, isGuest, reason, profile, content } = request;
  const { reader } = rooms.database;
  for (;;) {
    const roomNid = await rooms.names.rooms.find(roomId);
    if (roomNid !== undefined && (await isResident(rooms, reader, roomNid))) {
      const partial = await readPartialRoom(reader, roomNid);
      if (partial !== undefined) {
        if (await joinPartial(remote, request, partial)) return;
        continue;
      }
      try {
        const join = { sender: userId, target: userId, action: 'join', isGuest } as const;
        await changeMembership(rooms, { roomNid, ...join, reason, profile, content });
        return;
      } catch (error) {
        if (!(error instanceof NotAuthorisedHere)) throw error;
        const via = await serversOfRoom(rooms, roomNid);
        if (candidateServers(remote, via, roomId).length === 0) throw error;
        await joinThroughOthers(remote, remoteJoin(request, via));
        return;
      }
    }
    const known = roomNid === undefined ? undefined : await readOutOfBand(reader, userNid, roomNid);
    const via = [...request.via, ...(known?.servers ?? [])];
    const join = (): Promise<void> => joinRemotely(remote, remoteJoin(request, via));
    // Two at a time would fetch the room twice.
    if (await rooms.joins.alone(roomId, join)) return;
  }
}

/**
 * Joins a room whose members are still being learned: whom it would not have is known to other servers alone. False where
 * none of them helps, and the members have come to be known meanwhile. Throws `MatrixError`.
 */
async function joinPartial(
  remote: RemoteRooms,
  request: JoinRequest,
  partial: PartialRoom,
): Promise<boolean> {
  try {
    await joinThroughOthers(remote, remoteJoin(request, serversThatKnow(partial)));
    return true;
  } catch (error) {
    const isRefusal = error instanceof MatrixError && error.status < 500 && error.status !== 404;
    if (isRefusal || !(error instanceof MatrixError)) throw error;
    if (!(await remote.rooms.whole.isWholeWithin(partial.roomNid, wholeRoomMs))) throw error;
    return false;
  }
}

function serversThatKnow({ resident, serversInRoom }: PartialRoom): string[] {
  return [resident, ...serversInRoom];
}

function remoteJoin(
  { reason, profile, content, ...request }: JoinRequest,
  via: readonly string[],
): RemoteJoin {
  // Who lets somebody in is for the server that does.
  const { join_authorised_via_users_server: _, ...given } = content ?? {};
  return { ...request, via, content: { ...memberContent(reason, profile), ...given } };
}

/** What a member event of one's own holds beside the membership. */
export function memberContent(reason: string | undefined, profile: Profile): JsonObject {
  return {
    ...(profile.displayName === undefined ? {} : { displayname: profile.displayName }),
    ...(profile.avatarUrl === undefined ? {} : { avatar_url: profile.avatarUrl }),
    ...(reason === undefined ? {} : { reason }),
  };
}
