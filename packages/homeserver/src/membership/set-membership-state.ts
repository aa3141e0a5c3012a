import type { JsonObject } from '@soma/protocol';

import { badJson, forbidden } from '../errors/matrix-error.ts';
import { changeMembership } from './change-membership.ts';
import { inviteUser } from './invite-user.ts';
import { membershipCode, membershipName } from './membership-store.ts';
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
