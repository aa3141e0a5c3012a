import { Type } from 'typebox';

import { isJsonObject, parseUserId, roomVersion, serverNameOf } from '@soma/protocol';
import type { JsonObject as Json, RoomVersion } from '@soma/protocol';

import type { Config } from '../config/config.ts';
import { createListedRoom } from '../directory/create-listed-room.ts';
import { MatrixError, invalidParam } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import type { Requester } from '../http/endpoint.ts';
import { JsonObject } from '../http/schemas.ts';
import { checkInvitePermission } from '../membership/invite-permission.ts';
import { inviteUser } from '../membership/invite-user.ts';
import type { NewRoom } from '../rooms/new-room.ts';
import type { InitialState, Preset } from '../rooms/room-presets.ts';
import {
  checkMayInvite,
  inviteByAddress,
  invitedAddressIn,
  ThirdPartyBody,
} from './invitations.ts';
import type { RateLimiters } from './rate-limits.ts';
import { clientEndpoint } from './services.ts';
import type { ClientServices } from './services.ts';

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
  invite_3pid: Type.Optional(Type.Array(ThirdPartyBody)),
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
  errcodes: [
    'M_UNSUPPORTED_ROOM_VERSION',
    'M_INVALID_ROOM_STATE',
    'M_ROOM_IN_USE',
    'M_EXCLUSIVE',
    'M_INVALID_PARAM',
    'M_MISSING_PARAM',
    'M_INVITE_BLOCKED',
  ],
  handle: async ({ body: wanted, requester }, services) => {
    const { directory, config, rateLimits } = services;
    const invitedAddresses = (wanted.invite_3pid ?? []).map(invitedAddressIn);
    const invite = (wanted.invite ?? []).map(invitedUser);
    if (invite.length > 0) {
      checkMayInvite(config, requester);
      countInvites(rateLimits, requester, invite);
      for (const userId of invite) {
        await checkInvitePermission(directory.rooms, userId, requester.userId);
        await services.bringUser(userId);
      }
    }
    const visibility = wanted.visibility ?? 'private';
    const preset = wanted.preset ?? (visibility === 'public' ? 'public_chat' : 'private_chat');
    const room = {
      creator: requester.userId,
      version: supportedVersion(wanted.room_version ?? config.rooms.defaultRoomVersion),
      preset,
      creationContent: wanted.creation_content ?? {},
      powerLevelsOverride: {
        ...jsonOf(config.rooms.defaultPowerLevelContentOverride[preset]),
        ...wanted.power_level_content_override,
      },
      initialState: [
        ...initialStateOf(wanted.initial_state),
        ...encryptionFor(config, preset, wanted.initial_state),
      ],
      name: wanted.name,
      topic: wanted.topic,
      invite,
      isDirect: wanted.is_direct ?? false,
    };
    const listing = { aliasName: wanted.room_alias_name, isPublic: visibility === 'public' };
    const roomId = await createListedRoom(directory, requester, room, listing);
    await inviteOthers(services, requester.userId, roomId, room);
    for (const invited of invitedAddresses) {
      await inviteByAddress(services, requester, roomId, invited);
    }
    return { room_id: roomId };
  },
});

/**
 * Invites the users of other servers, now that there is a room to invite to. One who cannot be invited keeps none of the
 * others from it. Throws what was said of the first.
 */
async function inviteOthers(
  { remoteRooms }: ClientServices,
  sender: string,
  roomId: string,
  { invite, isDirect }: Pick<NewRoom, 'invite' | 'isDirect'>,
): Promise<void> {
  const { rooms } = remoteRooms;
  const others = invite.filter((userId) => serverNameOf(userId) !== rooms.serverName);
  if (others.length === 0) return;
  const roomNid = await rooms.names.rooms.intern(roomId);
  const content = isDirect ? { is_direct: true } : {};
  const settled = await Promise.allSettled(
    others.map((target) => inviteUser(remoteRooms, { roomNid, sender, target, content })),
  );
  for (const each of settled) if (each.status === 'rejected') throw each.reason;
}

/** As many invitations count as are sent. Throws `429 M_LIMIT_EXCEEDED`. */
function countInvites(
  rateLimits: RateLimiters,
  { userId, isRateLimitExempt }: Requester,
  invite: readonly string[],
): void {
  if (isRateLimitExempt === true) return;
  rateLimits['rc_invites.per_issuer'].check(userId, undefined, { actions: invite.length });
  for (const target of invite) rateLimits['rc_invites.per_user'].check(target);
}

/** Throws `400 M_UNSUPPORTED_ROOM_VERSION`. */
export function supportedVersion(id: string): RoomVersion {
  const version = roomVersion(id);
  if (version !== undefined) return version;
  throw new MatrixError(400, 'M_UNSUPPORTED_ROOM_VERSION', `Room version ${id} is not supported`);
}

type WantedState = readonly { type: string; state_key?: string; content: Json }[];

function initialStateOf(wanted: WantedState = []): InitialState[] {
  return wanted.map(({ type, state_key: stateKey = '', content }) => ({ type, stateKey, content }));
}

/** The operator's default; a client that sets encryption itself is not overruled. */
export function encryptionFor(
  { rooms }: Config,
  preset: Preset,
  given: WantedState = [],
): InitialState[] {
  const { encryptionEnabledByDefaultForRoomType: type } = rooms;
  const isWanted = type === 'all' || (type === 'invite' && preset !== 'public_chat');
  const isGiven = given.some((one) => one.type === 'm.room.encryption');
  if (!isWanted || isGiven) return [];
  const content = { algorithm: 'm.megolm.v1.aes-sha2' };
  return [{ type: 'm.room.encryption', stateKey: '', content }];
}

function jsonOf(value: unknown): Json {
  return isJsonObject(value) ? value : {};
}

function invitedUser(text: string) {
  const userId = parseUserId(text);
  if (userId === undefined) throw invalidParam(`invite: ${text} is not a user ID`);
  return userId;
}

export const createRoomEndpoints = [createRoomEndpoint];
