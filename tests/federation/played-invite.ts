import type { JsonObject } from '@soma/protocol';

import { pathOf } from '../harness/api.ts';
import type { Response } from '../harness/api.ts';
import type { FederatedServer } from '../harness/federation.ts';
import type { PlayedEvent, PlayedRoom } from './played-room.ts';

/** Sends an invitation to the server of the user that it is for. */
export function sendInvite(
  server: FederatedServer,
  room: PlayedRoom,
  event: PlayedEvent,
  changes: JsonObject = {},
): Promise<Response> {
  const path = `/_matrix/federation/v2${pathOf`/invite/${room.roomId}/${event.eventId}`}`;
  const body: JsonObject = {
    room_version: room.version.id,
    event: event.pdu,
    invite_room_state: room.inviteState(),
    ...changes,
  };
  return room.peer.request(server.serverName, 'PUT', path, { body });
}

export function buildInvite(
  room: PlayedRoom,
  userId: string,
  content: JsonObject = {},
): PlayedEvent {
  return room.build('m.room.member', userId, { membership: 'invite', ...content });
}
