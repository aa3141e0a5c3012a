import { roomVersion } from '@soma/protocol';
import type { JsonObject, RoomVersion } from '@soma/protocol';

import { MatrixError } from '../../errors/matrix-error.ts';
import { referenceFromJson } from '../../rooms/event-reference.ts';
import { readEvent } from '../../rooms/event-store.ts';
import type { Rooms } from '../../rooms/rooms.ts';
import type { MembershipRecord } from '../membership-store.ts';
import { buildMemberEvent } from './build-member-event.ts';
import { candidateServers } from './candidate-servers.ts';
import type { WantedMembership } from './member-template.ts';
import { readOutOfBandRoom } from './out-of-band-store.ts';
import type { OutOfBandRoom } from './out-of-band-store.ts';
import { keepOutOfBand } from './out-of-band.ts';
import type { RemoteRooms } from './remote-rooms.ts';
import { sendLeave } from './send-member-event.ts';
import { serversOfRoom } from './servers-of-room.ts';
import { throughServers } from './through-servers.ts';

/**
 * Rejects an invitation to a room that this server is not in, or takes back a knock (SS API, "Leaving Rooms"). Where no
 * server takes the event, the user is out of it all the same, as far as this server goes.
 */
export async function leaveRemotely(
  remote: RemoteRooms,
  { userNid, roomNid, eventNid }: MembershipRecord,
  reason: string | undefined,
): Promise<void> {
  const { rooms } = remote;
  const { reader } = rooms.database;
  const room = await readRoom(rooms, userNid, roomNid);
  const member = await readEvent(reader, eventNid);
  const version = roomVersion(room.roomVersion);
  if (member === undefined || version === undefined) {
    throw new Error(`membership ${eventNid} out of band has no event or version`);
  }
  const roomId = await rooms.names.rooms.text(roomNid);
  const userId = await rooms.names.users.text(userNid);
  const wanted: WantedMembership = { roomId, userId, membership: 'leave' };
  const content: JsonObject = {
    membership: 'leave',
    ...(reason === undefined ? {} : { reason }),
  };
  const servers = candidateServers(remote, room.servers, roomId);
  try {
    await throughServers(remote, wanted, servers, async (server, template) => {
      const event = buildMemberEvent(rooms, wanted, template, content);
      await sendLeave(remote, server, wanted, event);
      await keep(remote, room, wanted, event);
    });
  } catch (error) {
    if (!(error instanceof MatrixError)) throw error;
    remote.logger.info({ roomId, userId, err: error }, 'left without telling other servers');
    const place = placeAfter(member, version);
    await keep(remote, room, wanted, buildMemberEvent(rooms, wanted, place, content));
  }
}

/** Of a room that this server was in, what it knew then. */
async function readRoom(rooms: Rooms, userNid: number, roomNid: number): Promise<OutOfBandRoom> {
  const { reader } = rooms.database;
  const known = await readOutOfBandRoom(reader, userNid, roomNid);
  if (known !== undefined) return known;
  const version = await rooms.versions.of(reader, roomNid);
  return { roomVersion: version?.id ?? '', servers: await serversOfRoom(rooms, roomNid) };
}

async function keep(
  { rooms }: RemoteRooms,
  room: OutOfBandRoom,
  { roomId }: WantedMembership,
  event: ReturnType<typeof buildMemberEvent>,
): Promise<void> {
  await keepOutOfBand(rooms, { ...room, ...event, roomId, strippedState: [] });
}

/** The leave follows the one event of the room that is known. */
function placeAfter(
  member: { readonly json: string; readonly event_id: string; readonly depth: number },
  version: RoomVersion,
) {
  const reference = referenceFromJson(member.json, member.event_id, version);
  return { version, prevEvents: [reference], authEvents: [reference], depth: member.depth + 1 };
}
