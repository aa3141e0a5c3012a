import type { BuiltEvent, JsonObject, JsonValue, Pdu, RoomVersion } from '@soma/protocol';

import { FederationError } from '../../federation-client/federation-error.ts';
import { handshakeTimeoutMs } from './limits.ts';
import type { WantedMembership } from './member-template.ts';
import type { RemoteRooms } from './remote-rooms.ts';

/** The requests of the second half of a handshake, and of an invitation. */
export type MemberRequest = 'send_join' | 'send_knock' | 'send_leave' | 'invite';

export function memberPath(
  api: 'v1' | 'v2',
  request: MemberRequest,
  roomId: string,
  eventId: string,
): string {
  const place = `${encodeURIComponent(roomId)}/${encodeURIComponent(eventId)}`;
  return `/_matrix/federation/${api}/${request}/${place}`;
}

/** Whether a server says that it does not know the request, and so an older form of it may do. */
export function isUnrecognised(error: unknown): boolean {
  if (!(error instanceof FederationError) || error.failure !== 'refused') return false;
  if (error.errcode === 'M_UNRECOGNIZED') return true;
  return error.errcode === undefined && (error.status === 404 || error.status === 405);
}

/** Sends a leave to a server that is in the room. Throws a FederationError. */
export async function sendLeave(
  remote: RemoteRooms,
  server: string,
  { roomId }: WantedMembership,
  event: BuiltEvent,
): Promise<void> {
  const send = (api: 'v1' | 'v2'): Promise<JsonValue> =>
    put(remote, server, memberPath(api, 'send_leave', roomId, event.eventId), event.pdu);
  try {
    await send('v2');
  } catch (error) {
    if (!isUnrecognised(error)) throw error;
    await send('v1');
  }
}

/** Sends a knock; resolves to what the server shows of the room. Throws a FederationError. */
export function sendKnock(
  remote: RemoteRooms,
  server: string,
  { roomId }: WantedMembership,
  event: BuiltEvent,
): Promise<JsonValue> {
  return put(remote, server, memberPath('v1', 'send_knock', roomId, event.eventId), event.pdu);
}

/** An invitation on its way to the server of the invited user. */
export interface InviteToSend {
  readonly roomId: string;
  readonly eventId: string;
  readonly version: RoomVersion;
  readonly pdu: Pdu;
  /** Events of the room's state, whole (SS API, `PUT /invite`, from v1.16 on). */
  readonly state: readonly JsonObject[];
}

/** Sends an invitation; resolves to the answer. Throws a FederationError. */
export async function sendInvite(
  remote: RemoteRooms,
  server: string,
  { roomId, eventId, version, pdu, state }: InviteToSend,
): Promise<JsonValue> {
  const body = { room_version: version.id, event: pdu, invite_room_state: [...state] };
  try {
    return await put(remote, server, memberPath('v2', 'invite', roomId, eventId), body);
  } catch (error) {
    // The older form tells no room version.
    if (!mayBeOlder(error) || version.eventId !== 'field') throw error;
    const older = { ...pdu, unsigned: { ...pdu.unsigned, invite_room_state: [...state] } };
    return put(remote, server, memberPath('v1', 'invite', roomId, eventId), older);
  }
}

/** SS API, `PUT /v2/invite`: a server that answers so may be from before it. */
function mayBeOlder(error: unknown): boolean {
  if (!(error instanceof FederationError) || error.failure !== 'refused') return false;
  return error.status === 400 || error.status === 404 || isUnrecognised(error);
}

function put(
  { client }: RemoteRooms,
  destination: string,
  path: string,
  body: JsonObject,
): Promise<JsonValue> {
  return client.requestJson({
    destination,
    method: 'PUT',
    path,
    body,
    timeoutMs: handshakeTimeoutMs,
    retries: 'none',
    ignoresBackoff: true,
  });
}
