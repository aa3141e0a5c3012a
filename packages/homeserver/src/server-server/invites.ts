import { Type } from 'typebox';

import type { JsonObject } from '@soma/protocol';
import { isJsonObject } from '@soma/protocol';

import { forbidden } from '../errors/matrix-error.ts';
import { receiveInvite } from '../membership/remote/receive-invite.ts';
import type { ReceivedInvite } from '../membership/remote/receive-invite.ts';
import { serverEndpoint } from './services.ts';
import type { ServerServices } from './services.ts';

const spec = 'Inviting to a room';
const Event = Type.Object({});
const errcodes = [
  'M_FORBIDDEN',
  'M_INCOMPATIBLE_ROOM_VERSION',
  'M_INVALID_PARAM',
  'M_INVITE_BLOCKED',
  'M_MISSING_PARAM',
  'M_NOT_FOUND',
] as const;

const sendInviteV2 = serverEndpoint({
  operationId: 'sendInviteV2',
  summary: 'Invite a user of this server to a room',
  spec,
  method: 'PUT',
  paths: ['/_matrix/federation/v2/invite/{roomId}/{eventId}'],
  authentication: 'server',
  body: Type.Object({
    room_version: Type.String(),
    event: Event,
    invite_room_state: Type.Optional(Type.Array(Type.Unknown())),
  }),
  responses: { 200: Type.Object({ event: Event }) },
  errcodes,
  handle: async ({ origin, params, body }, services) => ({
    event: await receive(services, {
      ...params,
      origin,
      roomVersion: body.room_version,
      event: jsonOf(body.event),
      inviteRoomState: body.invite_room_state,
    }),
  }),
});

const sendInviteV1 = serverEndpoint({
  operationId: 'sendInviteV1',
  summary: 'Invite a user of this server to a room of version 1 or 2',
  spec,
  method: 'PUT',
  paths: ['/_matrix/federation/v1/invite/{roomId}/{eventId}'],
  authentication: 'server',
  body: Event,
  responses: { 200: Type.Tuple([Type.Integer(), Type.Object({ event: Event })]) },
  errcodes,
  handle: async ({ origin, params, body }, services) => {
    const given = jsonOf(body);
    const unsigned = given['unsigned'];
    const event = await receive(services, {
      ...params,
      origin,
      // Events of these two have the same form; nothing tells which of them it is.
      roomVersion: '1',
      event: given,
      inviteRoomState: isJsonObject(unsigned) ? unsigned['invite_room_state'] : undefined,
    });
    return [200, { event }];
  },
});

async function receive(
  { config, remoteRooms, rateLimits }: ServerServices,
  invite: ReceivedInvite,
): Promise<JsonObject> {
  if (config.rooms.blockNonAdminInvites) throw forbidden('This server takes no invitations');
  return receiveInvite(remoteRooms, invite, (inviteeId) => {
    rateLimits['rc_invites.per_room'].check(invite.roomId);
    rateLimits['rc_invites.per_user'].check(inviteeId);
  });
}

function jsonOf(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

export const inviteEndpoints = [sendInviteV2, sendInviteV1];
