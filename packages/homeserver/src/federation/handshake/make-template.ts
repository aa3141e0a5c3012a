import { authorise, parseUserId, serverNameOf } from '@soma/protocol';
import type { JsonObject, RoomVersion } from '@soma/protocol';

import { MatrixError, forbidden, invalidParam } from '../../errors/matrix-error.ts';
import { admitRemoteJoin } from '../../membership/admit-join.ts';
import { selectAuthEvents } from '../../rooms/build-event.ts';
import type { RoomHead } from '../../rooms/room-head.ts';
import { writeToRoom } from '../../rooms/room-write.ts';
import type { Rooms } from '../../rooms/rooms.ts';
import { findRoomToEnter } from '../serving/admit-server.ts';
import type { Serving } from '../serving/serving.ts';

/** What a user of another server can become through this one. */
export type HandshakeMembership = 'join' | 'knock' | 'leave';

export interface TemplateRequest {
  readonly origin: string;
  readonly roomId: string;
  readonly userId: string;
  readonly membership: HandshakeMembership;
  /** Room versions that the other server knows; not asked for a leave. */
  readonly versions?: readonly string[];
}

export interface Template {
  readonly room_version: string;
  readonly event: JsonObject;
}

/**
 * What another server needs to make a member event of a user of its own (SS API, `GET /make_join`, `/make_knock`,
 * `/make_leave`). Throws `MatrixError`.
 */
export async function makeTemplate(serving: Serving, request: TemplateRequest): Promise<Template> {
  const { rooms } = serving;
  const { origin, roomId, membership, versions } = request;
  const userId = parseUserId(request.userId);
  if (userId === undefined) throw invalidParam(`${request.userId} is not a user ID`);
  if (serverNameOf(userId) !== origin) throw forbidden(`${userId} is not a user of ${origin}`);
  const { roomNid, version } = await findRoomToEnter(serving, origin, roomId);
  if (versions?.includes(version.id) === false) throw incompatible(version);
  if (membership === 'knock') checkKnocking(version);
  // Nothing is written; what the template refers to is committed when it is there.
  const { value: event } = await writeToRoom(rooms, roomNid, ({ head }) =>
    draftEvent(rooms, head, userId, membership),
  );
  return { room_version: version.id, event };
}

/** Throws `403 M_FORBIDDEN`. */
export function checkKnocking(version: RoomVersion): void {
  if (version.knocking) return;
  throw forbidden(`Nobody can knock on a room of version ${version.id}`);
}

async function draftEvent(
  rooms: Rooms,
  head: RoomHead,
  userId: string,
  membership: HandshakeMembership,
): Promise<JsonObject> {
  const content: JsonObject = {
    membership,
    ...(membership === 'join' ? await admitRemoteJoin(rooms, head, userId) : {}),
  };
  const subject = { type: 'm.room.member', sender: userId, content };
  const authEntries = await selectAuthEvents(head, { ...subject, stateKey: userId });
  const event = {
    ...subject,
    state_key: userId,
    room_id: head.roomId,
    prev_events: head.parents.map(({ reference }) => reference),
    auth_events: authEntries.map(({ reference }) => reference),
    depth: head.nextDepth,
  };
  const state = { get: (type: string, key: string) => head.get(type, key)?.event };
  const verdict = authorise({ ...event, eventId: '' }, state, head.version, {
    verify: rooms.verify,
  });
  if (!verdict.allowed) throw forbidden(verdict.reason);
  return { ...event, origin: rooms.serverName, origin_server_ts: rooms.now() };
}

/** The other server may tell its user which version it would need. */
function incompatible(version: RoomVersion): MatrixError {
  const message = `The room has version ${version.id}, which your server does not support`;
  return new MatrixError(400, 'M_INCOMPATIBLE_ROOM_VERSION', message, {
    room_version: version.id,
  });
}
