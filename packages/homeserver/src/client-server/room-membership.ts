import { Type } from 'typebox';

import { parseUserId, serverNameOf } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import {
  MatrixError,
  forbidden,
  invalidParam,
  missingParam,
  notFound,
} from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import { changeMembership } from '../membership/change-membership.ts';
import type { MembershipRequest } from '../membership/change-membership.ts';
import { forgetRoom } from '../membership/forget-room.ts';
import { joinedRooms } from '../membership/joined-rooms.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { clientEndpoint } from './services.ts';
import type { ClientServices } from './services.ts';

const Reason = Type.Object({ reason: Type.Optional(Type.String()) });
const TargetBody = Type.Object({
  user_id: Type.String(),
  reason: Type.Optional(Type.String()),
});
const InviteBody = Type.Object({
  user_id: Type.Optional(Type.String()),
  medium: Type.Optional(Type.String()),
  reason: Type.Optional(Type.String()),
});
const Empty = Type.Object({});

async function findRoom(rooms: Rooms, roomId: string): Promise<number> {
  const roomNid = await rooms.names.rooms.find(roomId);
  if (roomNid === undefined) throw notFound('No such room is known to this server');
  return roomNid;
}

/** Joins a room that this server has; the answer is the same for both endpoints. */
async function join(
  { rooms }: ClientServices,
  userId: string,
  roomId: string,
  reason: string | undefined,
): Promise<JsonObject> {
  await changeMembership(rooms, {
    roomNid: await findRoom(rooms, roomId),
    sender: userId,
    target: userId,
    action: 'join',
    reason,
    profile: await rooms.profileOf(userId),
  });
  return { room_id: roomId };
}

const joinById = clientEndpoint({
  operationId: 'joinRoomById',
  summary: 'Start participating in a room',
  spec: 'Room membership',
  method: 'POST',
  paths: clientPaths('/rooms/{roomId}/join', { apiV1: true }),
  authentication: 'required',
  guests: true,
  suspended: false,
  rateLimit: 'rc_joins.local',
  body: Reason,
  bodyOptional: true,
  responses: { 200: Type.Object({ room_id: Type.String() }) },
  errcodes: ['M_NOT_FOUND'],
  handle: ({ params, body, requester }, services) =>
    join(services, requester.userId, params.roomId, body.reason),
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
  rateLimit: 'rc_joins.local',
  body: Reason,
  bodyOptional: true,
  responses: { 200: Type.Object({ room_id: Type.String() }) },
  errcodes: ['M_NOT_FOUND'],
  handle: ({ params, body, requester }, services) => {
    const { roomIdOrAlias } = params;
    if (roomIdOrAlias.startsWith('#')) throw notFound('There is no such room alias');
    if (!roomIdOrAlias.startsWith('!')) {
      throw invalidParam(`${roomIdOrAlias} is neither a room ID nor a room alias`);
    }
    return join(services, requester.userId, roomIdOrAlias, body.reason);
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
  handle: async ({ params, body, requester }, { rooms }) => {
    await changeMembership(rooms, {
      roomNid: await findRoom(rooms, params.roomId),
      sender: requester.userId,
      target: requester.userId,
      action: 'leave',
      reason: body.reason,
    });
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
  rateLimit: 'rc_invites.per_issuer',
  body: InviteBody,
  responses: { 200: Empty },
  errcodes: ['M_NOT_FOUND'],
  handle: async ({ params, body, requester }, services) => {
    const { rooms, rateLimits } = services;
    if (body.user_id === undefined) {
      if (body.medium === undefined) throw missingParam('user_id is missing');
      throw new MatrixError(400, 'M_UNRECOGNIZED', 'Third-party invites are not served yet');
    }
    const target = parseUserId(body.user_id);
    if (target === undefined) throw invalidParam('user_id is not a user ID');
    if (serverNameOf(target) !== rooms.serverName) {
      throw forbidden(`${target} is on another server, and this server does not federate`);
    }
    rateLimits['rc_invites.per_room'].check(params.roomId);
    rateLimits['rc_invites.per_user'].check(target);
    await changeMembership(rooms, {
      roomNid: await findRoom(rooms, params.roomId),
      sender: requester.userId,
      target,
      action: 'invite',
      reason: body.reason,
      profile: await rooms.profileOf(target),
    });
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
  leave,
  invite,
  moderation('kick', 'Remove a user from the room'),
  moderation('ban', 'Ban a user from the room'),
  moderation('unban', 'Lift a ban'),
  forget,
  getJoinedRooms,
];
