import type { JsonObject } from '@soma/protocol';

import { badJson, forbidden } from '../errors/matrix-error.ts';
import { changeMembership, notInRoom } from './change-membership.ts';
import { inviteUser } from './invite-user.ts';
import { isResident } from './is-resident.ts';
import { leaveRoom } from './leave-room.ts';
import { membershipCode, membershipName, readMembership } from './membership-store.ts';
import { readOutOfBandEvent } from './remote/out-of-band-store.ts';
import type { RemoteRooms } from './remote/remote-rooms.ts';

/** A member event given in full, through `PUT /rooms/{roomId}/state/m.room.member/{userId}`. */
export interface MembershipState {
  readonly roomId: string;
  readonly sender: string;
  readonly target: string;
  readonly content: JsonObject;
  /** Whether the sender is a guest. */
  readonly isGuest: boolean;
  /** From an application service's `ts`. */
  readonly originServerTs?: number | undefined;
}

/** Takes a member event as the membership endpoints would make it. Resolves to its ID; throws `MatrixError`. */
export async function setMembershipState(
  remote: RemoteRooms,
  state: MembershipState,
): Promise<string> {
  const { rooms } = remote;
  const { reader } = rooms.database;
  const { sender, target, content } = state;
  const code = membershipCode(content['membership']);
  if (code === undefined) {
    throw badJson('membership must be one of join, invite, knock, leave and ban');
  }
  const membership = membershipName(code);
  const roomNid = await rooms.names.rooms.find(state.roomId);
  if (roomNid === undefined) throw forbidden('You are not in this room');
  if (membership === 'invite') {
    return inviteUser(remote, { roomNid, sender, target, content });
  }
  if (membership === 'leave' && sender === target && !(await isResident(rooms, reader, roomNid))) {
    return leaveElsewhere(remote, roomNid, sender, content['reason']);
  }
  const written = await changeMembership(rooms, {
    roomNid,
    sender,
    target,
    action: membership === 'leave' && sender !== target ? 'remove' : membership,
    content,
    isGuest: state.isGuest,
    originServerTs: state.originServerTs,
  });
  return written.value;
}

/** Rejects an invitation to a room that this server is not in, or takes back a knock. */
async function leaveElsewhere(
  remote: RemoteRooms,
  roomNid: number,
  userId: string,
  reason: unknown,
): Promise<string> {
  const { names, database } = remote.rooms;
  const userNid = await names.users.intern(userId);
  await leaveRoom(remote, {
    roomNid,
    userNid,
    reason: typeof reason === 'string' ? reason : undefined,
  });
  const left = await readMembership(database.reader, userNid, roomNid);
  const event = left && (await readOutOfBandEvent(database.reader, left.eventNid));
  if (event === undefined) throw notInRoom();
  return event.eventId;
}
