import { Type } from 'typebox';

import { parseUserId } from '@soma/protocol';

import { invalidParam } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import { carryOverSettings } from '../membership/carry-over-settings.ts';
import { upgradeRoom } from '../membership/upgrade-room.ts';
import { supportedVersion } from './create-room.ts';
import { clientEndpoint } from './services.ts';

const upgradeRoomEndpoint = clientEndpoint({
  operationId: 'upgradeRoom',
  summary: 'Replace a room by one of another version',
  spec: 'Room upgrades',
  method: 'POST',
  paths: clientPaths('/rooms/{roomId}/upgrade'),
  authentication: 'required',
  rateLimit: 'rc_room_creation',
  body: Type.Object({
    new_version: Type.String(),
    additional_creators: Type.Optional(Type.Array(Type.String())),
  }),
  responses: { 200: Type.Object({ replacement_room: Type.String() }) },
  errcodes: ['M_UNSUPPORTED_ROOM_VERSION', 'M_INVALID_PARAM', 'M_INVALID_ROOM_STATE'],
  handle: async ({ params, body, requester }, { directory, copyRoomRules }) => {
    const version = supportedVersion(body.new_version);
    const additionalCreators = (body.additional_creators ?? []).map(creatorIn);
    const roomId = await upgradeRoom(directory, {
      user: requester,
      roomId: params.roomId,
      version,
      additionalCreators,
    });
    await carryOverSettings(directory.rooms, requester.userNid, roomId, copyRoomRules);
    return { replacement_room: roomId };
  },
});

function creatorIn(text: string): string {
  return parseUserId(text) ?? refuse(text);
}

function refuse(text: string): never {
  throw invalidParam(`additional_creators: ${text} is not a user ID`);
}

export const upgradeRoomEndpoints = [upgradeRoomEndpoint];
