import {
  canonicalJson,
  contentHashMatches,
  eventIdOf,
  parsePdu,
  parseUserId,
  roomIdOfCreate,
  roomVersion,
  serverNameOf,
} from '@soma/protocol';
import type { JsonObject, Pdu, RoomVersion } from '@soma/protocol';

import { readAccount } from '../../accounts/account-store.ts';
import {
  MatrixError,
  forbidden,
  invalidParam,
  missingParam,
  notFound,
} from '../../errors/matrix-error.ts';
import { checkInvitePermission } from '../invite-permission.ts';
import { isResident } from '../is-resident.ts';
import { strippedEventsMax } from './limits.ts';
import { isSignedByAll, withOwnSignature } from './member-signatures.ts';
import { keepOutOfBand } from './out-of-band.ts';
import { receivedStrippedState } from './received-stripped-state.ts';
import type { RemoteRooms } from './remote-rooms.ts';

/** An invitation as another server sends it (SS API, "Inviting to a room"). */
export interface ReceivedInvite {
  readonly origin: string;
  readonly roomId: string;
  readonly eventId: string;
  readonly roomVersion: string;
  readonly event: JsonObject;
  readonly inviteRoomState: unknown;
}

/**
 * Takes an invitation of a user of this server. Resolves to the event with this server's signature. `countInvite` is
 * told of each one that is otherwise in order, and may refuse it.
 *
 * Throws `400` with `M_INCOMPATIBLE_ROOM_VERSION`, `M_INVALID_PARAM` or `M_MISSING_PARAM`; `403` with `M_FORBIDDEN` or
 * `M_INVITE_BLOCKED`; `404 M_NOT_FOUND`.
 */
export async function receiveInvite(
  remote: RemoteRooms,
  invite: ReceivedInvite,
  countInvite: (inviteeId: string) => void,
): Promise<JsonObject> {
  const { rooms } = remote;
  const { origin, roomId } = invite;
  await checkAcl(remote, roomId, origin);
  const version = roomVersion(invite.roomVersion);
  if (version === undefined) throw incompatible(invite.roomVersion);
  const pdu = await checkEvent(remote, invite, version);
  const inviteeId = pdu.state_key ?? '';
  await checkInvitee(remote, inviteeId);
  await checkInvitePermission(rooms, inviteeId, pdu.sender);
  if (version.roomId === 'create-event') await checkState(remote, invite, version);
  countInvite(inviteeId);
  const signed = withOwnSignature(pdu, version, rooms.signer);
  await keepOutOfBand(rooms, {
    roomId,
    eventId: invite.eventId,
    pdu: signed,
    json: canonicalJson(signed),
    strippedState: receivedStrippedState(invite.inviteRoomState),
    roomVersion: version.id,
    servers: [origin],
  });
  // "All other fields of the events should remain untouched": also what was not signed.
  return { ...invite.event, signatures: signed.signatures };
}

function incompatible(versionId: string): MatrixError {
  const text = `This server knows no room version ${versionId}`;
  return new MatrixError(400, 'M_INCOMPATIBLE_ROOM_VERSION', text, { room_version: versionId });
}

/** SS API, `PUT /invite`: this server signs nothing but invitations of its users by users of the other server. */
async function checkEvent(
  remote: RemoteRooms,
  { origin, roomId, eventId, event }: ReceivedInvite,
  version: RoomVersion,
): Promise<Pdu> {
  const { signer, serverName } = remote.rooms;
  const parsed = parsePdu(event, version);
  if (!parsed.ok) throw invalidParam(`The event is malformed: ${parsed.problem.reason}`);
  const { pdu } = parsed;
  const { type, content, room_id: eventRoomId, sender, state_key: invitee } = pdu;
  if (type !== 'm.room.member' || content['membership'] !== 'invite') {
    throw invalidParam('The event is no invitation');
  }
  if (eventRoomId !== roomId) throw invalidParam('The event is of another room');
  if (serverOf(sender) !== origin) throw invalidParam(`The sender is no user of ${origin}`);
  if (serverOf(invitee) !== serverName)
    throw invalidParam('The invited user is not of this server');
  if (eventIdOf(pdu, version, signer) !== eventId) throw invalidParam('The event has another ID');
  if (!contentHashMatches(pdu, signer)) throw invalidParam('The content hash is wrong');
  if (!(await isSignedByAll(remote, pdu, version, [origin]))) {
    throw invalidParam(`The event is not signed by ${origin}`);
  }
  return pdu;
}

function serverOf(userId: unknown): string | undefined {
  const parsed = parseUserId(userId);
  return parsed === undefined ? undefined : serverNameOf(parsed);
}

/** SS API, "Server Access Control Lists", where this server knows the room's. */
async function checkAcl({ rooms }: RemoteRooms, roomId: string, origin: string): Promise<void> {
  const { reader } = rooms.database;
  const roomNid = await rooms.names.rooms.find(roomId);
  if (roomNid === undefined || !(await isResident(rooms, reader, roomNid))) return;
  if (!(await rooms.acls.allows(reader, roomNid, origin))) {
    throw forbidden('The room does not let your server take part');
  }
}

async function checkInvitee({ rooms }: RemoteRooms, userId: string): Promise<void> {
  const userNid = await rooms.names.users.find(userId);
  const account =
    userNid === undefined ? undefined : await readAccount(rooms.database.reader, userNid);
  if (account === undefined) throw notFound('There is no such user');
  if (account.isDeactivated) throw forbidden('The user has left this server');
}

/** From v1.16 on the room's create event proves what the room is; of rooms from version 12 on this must hold. */
async function checkState(
  remote: RemoteRooms,
  { inviteRoomState, roomId }: ReceivedInvite,
  version: RoomVersion,
): Promise<void> {
  if (inviteRoomState === undefined) throw missingParam('invite_room_state is missing');
  if (!Array.isArray(inviteRoomState) || inviteRoomState.length > strippedEventsMax) {
    throw invalidParam(`invite_room_state is no list of at most ${strippedEventsMax} events`);
  }
  const checks = inviteRoomState.map((each: unknown) =>
    checkStateEvent(remote, each, roomId, version),
  );
  const types = await Promise.all(checks);
  if (!types.includes('m.room.create')) {
    throw invalidParam('invite_room_state lacks the create event');
  }
}

/** Resolves to the event's type. */
async function checkStateEvent(
  remote: RemoteRooms,
  value: unknown,
  roomId: string,
  version: RoomVersion,
): Promise<string> {
  const parsed = parsePdu(value, version);
  if (!parsed.ok) throw invalidParam(`invite_room_state: ${parsed.problem.reason}`);
  const { pdu } = parsed;
  const isCreate = pdu.type === 'm.room.create' && pdu.state_key === '';
  const ownRoomId = isCreate
    ? roomIdOfCreate(eventIdOf(pdu, version, remote.rooms.signer))
    : pdu.room_id;
  if (ownRoomId !== roomId) throw invalidParam('invite_room_state is of another room');
  if (!(await isSignedByAll(remote, pdu, version))) {
    throw invalidParam(`invite_room_state: ${pdu.type} is not signed by its sender's server`);
  }
  return pdu.type;
}
