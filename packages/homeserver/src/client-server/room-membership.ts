import { Type } from 'typebox';

import { parseUserId } from '@soma/protocol';

import { invalidParam } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import { changeMembership } from '../membership/change-membership.ts';
import type { MembershipRequest } from '../membership/change-membership.ts';
import { forgetRoom } from '../membership/forget-room.ts';
import { joinedRooms } from '../membership/joined-rooms.ts';
import { knockRoom } from '../membership/knock-room.ts';
import { leaveRoom } from '../membership/leave-room.ts';
import { ThirdPartyBody, invitedAddressIn, inviteByAddress, inviteById } from './invitations.ts';
import { JoinBody, findRoom, joinAs, resolveRoom } from './join-room.ts';
import { clientEndpoint } from './services.ts';

const Reason = Type.Object({ reason: Type.Optional(Type.String()) });
const TargetBody = Type.Object({
  user_id: Type.String(),
  reason: Type.Optional(Type.String()),
});
const InviteBody = Type.Object({
  ...ThirdPartyBody.properties,
  user_id: Type.Optional(Type.String()),
  reason: Type.Optional(Type.String()),
});
const Empty = Type.Object({});

const RoomIdBody = Type.Object({ room_id: Type.String() });
/** Servers to go through to a room that this one is not in. */
const Via = Type.Object({
  via: Type.Optional(Type.Array(Type.String())),
  server_name: Type.Optional(Type.Array(Type.String())),
});

const joinErrcodes = [
  'M_GUEST_ACCESS_FORBIDDEN',
  'M_INCOMPATIBLE_ROOM_VERSION',
  'M_UNABLE_TO_AUTHORISE_JOIN',
  'M_UNABLE_TO_GRANT_JOIN',
] as const;

const joinById = clientEndpoint({
  operationId: 'joinRoomById',
  summary: 'Start participating in a room',
  spec: 'Room membership',
  method: 'POST',
  paths: clientPaths('/rooms/{roomId}/join', { apiV1: true }),
  authentication: 'required',
  guests: true,
  suspended: false,
  body: JoinBody,
  bodyOptional: true,
  responses: { 200: RoomIdBody },
  errcodes: joinErrcodes,
  handle: ({ params, body, requester }, services) =>
    joinAs(services, requester, { roomId: params.roomId, servers: [] }, body),
});

const joinByIdOrAlias = clientEndpoint({
  operationId: 'joinRoom',
  summary: 'Start participating in a room, by its ID or alias',
  spec: 'Room membership',
  method: 'POST',
  paths: clientPaths('/join/{roomIdOrAlias}', { apiV1: true }),
  authentication: 'required',
  guests: true,
  suspended: false,
  query: Via,
  body: JoinBody,
  bodyOptional: true,
  responses: { 200: RoomIdBody },
  errcodes: [...joinErrcodes, 'M_INVALID_PARAM'],
  handle: async ({ params, query, body, requester }, services) => {
    const room = await resolveRoom(services, params.roomIdOrAlias, query);
    return joinAs(services, requester, room, body);
  },
});

const knock = clientEndpoint({
  operationId: 'knockRoom',
  summary: 'Ask to be let into a room, by its ID or alias',
  spec: 'Room membership',
  method: 'POST',
  paths: clientPaths('/knock/{roomIdOrAlias}'),
  authentication: 'required',
  suspended: false,
  rateLimit: 'rc_joins.local',
  query: Via,
  body: Reason,
  bodyOptional: true,
  responses: { 200: RoomIdBody },
  errcodes: ['M_INCOMPATIBLE_ROOM_VERSION', 'M_INVALID_PARAM'],
  handle: async ({ params, query, body, requester: { userId } }, services) => {
    const { rooms, remoteRooms } = services;
    const { roomId, servers } = await resolveRoom(services, params.roomIdOrAlias, query);
    const profile = await rooms.profileOf(userId);
    await knockRoom(remoteRooms, { roomId, userId, reason: body.reason, profile, via: servers });
    return { room_id: roomId };
  },
});

const leave = clientEndpoint({
  operationId: 'leaveRoom',
  summary: 'Stop participating in a room',
  spec: 'Room membership',
  method: 'POST',
  paths: clientPaths('/rooms/{roomId}/leave', { apiV1: true }),
  authentication: 'required',
  guests: true,
  body: Reason,
  bodyOptional: true,
  responses: { 200: Empty },
  errcodes: ['M_NOT_FOUND'],
  handle: async ({ params, body, requester: { userNid } }, { rooms, remoteRooms }) => {
    const roomNid = await findRoom(rooms, params.roomId);
    await leaveRoom(remoteRooms, { roomNid, userNid, reason: body.reason });
    return {};
  },
});

const invite = clientEndpoint({
  operationId: 'inviteUser',
  summary: 'Invite a user to participate in a room',
  spec: 'Room membership',
  method: 'POST',
  paths: clientPaths('/rooms/{roomId}/invite', { apiV1: true }),
  authentication: 'required',
  suspended: false,
  body: InviteBody,
  responses: { 200: Empty },
  errcodes: [
    'M_INVALID_PARAM',
    'M_MISSING_PARAM',
    'M_INVITE_BLOCKED',
    'M_UNSUPPORTED_ROOM_VERSION',
  ],
  handle: async ({ params, body, requester }, services) => {
    const { user_id: invitee } = body;
    if (invitee !== undefined) {
      await inviteById(services, requester, params.roomId, invitee, body.reason);
    } else {
      await inviteByAddress(services, requester, params.roomId, invitedAddressIn(body));
    }
    return {};
  },
});

/** Kick, ban and unban differ in the word only. */
function moderation(
  action: MembershipRequest['action'] & ('kick' | 'ban' | 'unban'),
  summary: string,
) {
  return clientEndpoint({
    operationId: action,
    summary,
    spec: 'Room membership',
    method: 'POST',
    paths: clientPaths(`/rooms/{roomId}/${action}`, { apiV1: true }),
    authentication: 'required',
    suspended: false,
    body: TargetBody,
    responses: { 200: Empty },
    errcodes: ['M_NOT_FOUND'],
    handle: async ({ params, body, requester }, { rooms }) => {
      if (parseUserId(body.user_id) === undefined) throw invalidParam('user_id is not a user ID');
      await changeMembership(rooms, {
        roomNid: await findRoom(rooms, params.roomId),
        sender: requester.userId,
        target: body.user_id,
        action,
        reason: body.reason,
      });
      return {};
    },
  });
}

const forget = clientEndpoint({
  operationId: 'forgetRoom',
  summary: 'Stop remembering a room that the user has left',
  spec: 'Room membership',
  method: 'POST',
  paths: clientPaths('/rooms/{roomId}/forget', { apiV1: true }),
  authentication: 'required',
  body: Empty,
  bodyOptional: true,
  responses: { 200: Empty },
  errcodes: ['M_UNKNOWN'],
  handle: async ({ params, requester }, { rooms }) => {
    await forgetRoom(rooms, requester.userNid, params.roomId);
    return {};
  },
});

const getJoinedRooms = clientEndpoint({
  operationId: 'getJoinedRooms',
  summary: 'List the rooms that the user is in',
  spec: 'Room membership',
  method: 'GET',
  paths: clientPaths('/joined_rooms', { apiV1: true }),
  authentication: 'required',
  responses: { 200: Type.Object({ joined_rooms: Type.Array(Type.String()) }) },
  errcodes: [],
  handle: async ({ requester }, { rooms }) => ({
    joined_rooms: await joinedRooms(rooms, requester.userNid),
  }),
});

export const membershipEndpoints = [
  joinById,
  joinByIdOrAlias,
  knock,
  leave,
  invite,
  moderation('kick', 'Remove a user from the room'),
  moderation('ban', 'Ban a user from the room'),
  moderation('unban', 'Lift a ban'),
  forget,
  getJoinedRooms,
];
