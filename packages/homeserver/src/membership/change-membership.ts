import type { JsonObject } from '@soma/protocol';

import { MatrixError, forbidden, notFound } from '../errors/matrix-error.ts';
import type { EventDraft } from '../rooms/build-event.ts';
import type { HeadEntry } from '../rooms/head-entry.ts';
import type { Profile } from '../rooms/profile.ts';
import type { RoomHead } from '../rooms/room-head.ts';
import { writeToRoom } from '../rooms/room-write.ts';
import type { RoomWrite, Written } from '../rooms/room-write.ts';
import type { Rooms } from '../rooms/rooms.ts';
import type { Statement } from '../storage/sql.ts';
import { admitJoin } from './admit-join.ts';
import { checkInvitePermission } from './invite-permission.ts';
import { isResident } from './is-resident.ts';
import type { Membership } from './membership-store.ts';

/** What is to become of whom. */
export interface MembershipRequest {
  readonly roomNid: number;
  readonly sender: string;
  readonly target: string;
  /** `remove` is a kick or an unban, whichever applies. */
  readonly action: 'join' | 'invite' | 'knock' | 'leave' | 'kick' | 'ban' | 'unban' | 'remove';
  readonly reason?: string | undefined;
  /** Keys of the content beside `membership` and `reason`: the profile, mostly. */
  readonly content?: JsonObject | undefined;
  /** The target's profile, for memberships that carry it. */
  readonly profile?: Profile | undefined;
  /** Whether who joins is a guest. */
  readonly isGuest?: boolean;
  /** From an application service's `ts`. */
  readonly originServerTs?: number | undefined;
  /** What belongs to the same change as the event. */
  readonly beside?: (eventNid: number) => readonly Statement[];
}

const memberships: Readonly<Record<MembershipRequest['action'], Membership>> = {
  join: 'join',
  invite: 'invite',
  knock: 'knock',
  leave: 'leave',
  kick: 'leave',
  ban: 'ban',
  unban: 'leave',
  remove: 'leave',
};

/**
 * Changes a membership of a room that this server is in (CS API, "Room membership"). What is so already is left
 * as it is. Resolves to the member event's ID; throws `MatrixError`.
 */
export async function changeMembership(
  rooms: Rooms,
  request: MembershipRequest,
): Promise<Written<string>> {
  if (request.action === 'invite') {
    await checkInvitePermission(rooms, request.target, request.sender);
  }
  // A room that was left goes on elsewhere: what this server knows of it is of the past.
  if (!(await isResident(rooms, rooms.database.reader, request.roomNid))) throw notInRoom();
  const append = async (write: RoomWrite): Promise<string> => {
    const drafted = await draftMembership(rooms, write.head, request);
    if (typeof drafted === 'string') return drafted;
    const event = await write.append(drafted);
    write.add(...(request.beside?.(event.eventNid) ?? []));
    return event.built.eventId;
  };
  return writeToRoom(rooms, request.roomNid, append, notInRoom);
}

export function notInRoom(): MatrixError {
  return notFound('This server is not in such a room');
}

/** The event that changes the membership, or the ID of the one by which it is so already. */
export async function draftMembership(
  rooms: Rooms,
  head: RoomHead,
  request: MembershipRequest,
): Promise<EventDraft | string> {
  const memberKey = ['m.room.member', request.target] as const;
  await head.load([memberKey]);
  const current = head.get(...memberKey);
  checkAction(request, stateOf(current));
  if (request.action === 'leave') checkNotOfNotices(rooms, current);
  const content = contentOf(request);
  if (request.action === 'join' && stateOf(current) !== 'join') {
    const joiner = { userId: request.target, isGuest: request.isGuest ?? false };
    Object.assign(content, await admitJoin(rooms, head, joiner));
  }
  if (current !== undefined && isSame(current, request, content)) return current.event.eventId;
  return {
    type: 'm.room.member',
    stateKey: request.target,
    sender: request.sender,
    content,
    originServerTs: request.originServerTs,
  };
}

function stateOf(entry: HeadEntry | undefined): string | undefined {
  const membership = entry?.event.content['membership'];
  return typeof membership === 'string' ? membership : undefined;
}

/** CS API, "Server Notices": an invitation to the room of them cannot be rejected. */
function checkNotOfNotices({ noticesSenderId }: Rooms, current: HeadEntry | undefined): void {
  if (stateOf(current) !== 'invite' || current?.event.sender !== noticesSenderId) return;
  const text = 'The invitation to the server notices cannot be rejected';
  throw new MatrixError(403, 'M_CANNOT_LEAVE_SERVER_NOTICE_ROOM', text);
}

/** What the auth rules do not tell apart, since they see only the resulting event. */
function checkAction({ action, target }: MembershipRequest, current: string | undefined): void {
  if (action === 'unban' && current !== 'ban') {
    throw new MatrixError(403, 'M_BAD_STATE', `${target} is not banned`);
  }
  if (action === 'kick' && (current === undefined || current === 'leave' || current === 'ban')) {
    throw forbidden(`${target} is not in the room`);
  }
  if (action === 'leave' && (current === undefined || current === 'ban')) {
    throw forbidden('You are not in this room');
  }
}

function contentOf(request: MembershipRequest): JsonObject {
  const membership = memberships[request.action];
  // Who lets somebody in is for this server to say, and where the user is in already nobody is asked.
  const { join_authorised_via_users_server: _, ...given } = request.content ?? {};
  const content: JsonObject = { ...given, membership };
  if (request.reason !== undefined) content['reason'] = request.reason;
  const { profile } = request;
  if (profile?.displayName !== undefined) content['displayname'] ??= profile.displayName;
  if (profile?.avatarUrl !== undefined) content['avatar_url'] ??= profile.avatarUrl;
  return content;
}

/** Joining twice, leaving twice: the event that is there already answers. */
function isSame(current: HeadEntry, request: MembershipRequest, content: JsonObject): boolean {
  const before = current.event.content;
  if (before['membership'] !== content['membership']) return false;
  if (request.action === 'join' || request.action === 'invite') {
    return (
      before['displayname'] === content['displayname'] &&
      before['avatar_url'] === content['avatar_url'] &&
      (request.action === 'join' || current.event.sender === request.sender)
    );
  }
  if (request.action === 'knock') return before['reason'] === content['reason'];
  return request.action === 'leave';
}
