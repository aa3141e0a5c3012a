import { Type } from 'typebox';

import { DEFAULT_ROOM_VERSION, parseUserId, roomVersion } from '@soma/protocol';

import { MatrixError, invalidParam } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import { JsonObject } from '../http/schemas.ts';
import { createRoom } from '../rooms/create-room.ts';
import { clientEndpoint } from './services.ts';

const InitialState = Type.Object({
  type: Type.String(),
  state_key: Type.Optional(Type.String()),
  content: JsonObject,
});

const body = Type.Object({
  visibility: Type.Optional(Type.Enum(['public', 'private'])),
  room_alias_name: Type.Optional(Type.String()),
  name: Type.Optional(Type.String()),
  topic: Type.Optional(Type.String()),
  invite: Type.Optional(Type.Array(Type.String())),
  invite_3pid: Type.Optional(Type.Array(JsonObject)),
  room_version: Type.Optional(Type.String()),
  creation_content: Type.Optional(JsonObject),
  initial_state: Type.Optional(Type.Array(InitialState)),
  preset: Type.Optional(Type.Enum(['private_chat', 'public_chat', 'trusted_private_chat'])),
  is_direct: Type.Optional(Type.Boolean()),
  power_level_content_override: Type.Optional(JsonObject),
});

const createRoomEndpoint = clientEndpoint({
  operationId: 'createRoom',
  summary: 'Create a new room',
  spec: 'Room creation',
  method: 'POST',
  paths: clientPaths('/createRoom', { apiV1: true }),
  authentication: 'required',
  suspended: false,
  rateLimit: 'rc_room_creation',
  body,
  responses: { 200: Type.Object({ room_id: Type.String() }) },
  errcodes: ['M_UNSUPPORTED_ROOM_VERSION', 'M_INVALID_ROOM_STATE', 'M_ROOM_IN_USE'],
  handle: async ({ body: wanted, requester }, { rooms, config }) => {
    refuseUnserved(wanted);
    const versionId =
      wanted.room_version ?? config.rooms.defaultRoomVersion ?? DEFAULT_ROOM_VERSION;
    const version = roomVersion(versionId);
    if (version === undefined) {
      throw new MatrixError(
        400,
        'M_UNSUPPORTED_ROOM_VERSION',
        `Room version ${versionId} is not supported`,
      );
    }
    const roomId = await createRoom(rooms, {
      creator: requester.userId,
      version,
      preset: wanted.preset ?? (wanted.visibility === 'public' ? 'public_chat' : 'private_chat'),
      creationContent: wanted.creation_content ?? {},
      powerLevelsOverride: wanted.power_level_content_override ?? {},
      initialState: (wanted.initial_state ?? []).map(({ type, state_key: stateKey, content }) => ({
        type,
        stateKey: stateKey ?? '',
        content,
      })),
      name: wanted.name,
      topic: wanted.topic,
      invite: (wanted.invite ?? []).map(invitedUser),
      isDirect: wanted.is_direct ?? false,
    });
    return { room_id: roomId };
  },
});

/** What this release does not serve is refused rather than forgotten. */
function refuseUnserved(wanted: {
  readonly room_alias_name?: string;
  readonly invite_3pid?: readonly unknown[];
}): void {
  if (wanted.room_alias_name !== undefined) {
    throw new MatrixError(400, 'M_UNRECOGNIZED', 'Room aliases are not served yet');
  }
  if (wanted.invite_3pid !== undefined && wanted.invite_3pid.length > 0) {
    throw new MatrixError(400, 'M_UNRECOGNIZED', 'Third-party invites are not served yet');
  }
}

function invitedUser(text: string) {
  const userId = parseUserId(text);
  if (userId === undefined) throw invalidParam(`invite: ${text} is not a user ID`);
  return userId;
}

export const createRoomEndpoints = [createRoomEndpoint];
