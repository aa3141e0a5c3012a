import { roomVersion } from '@soma/protocol';
import type { JsonObject, Pdu } from '@soma/protocol';

import { MatrixError } from '../../errors/matrix-error.ts';
import { referenceFromJson } from '../../rooms/event-reference.ts';
import { readEvent } from '../../rooms/event-store.ts';
import type { Rooms } from '../../rooms/rooms.ts';
import { readAt } from '../../storage/database.ts';
import type { Reader } from '../../storage/sql.ts';
import { readMembership } from '../membership-store.ts';
import type { MembershipRecord } from '../membership-store.ts';
import { buildMemberEvent } from './build-member-event.ts';
import { candidateServers } from './candidate-servers.ts';
import type { WantedMembership } from './member-template.ts';
import { readOutOfBandEvent } from './out-of-band-store.ts';
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
  record: MembershipRecord,
  reason: string | undefined,
): Promise<void> {
  const { rooms } = remote;
  const { userNid, roomNid } = record;
  const known = await readAt(rooms.database, (reader) => readRoom(rooms, reader, record));
  // Others have put the user out meanwhile.
  if (known === undefined) return;
  const { room, member } = known;
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
    const place = placeAfter(member, room);
    await keep(remote, room, wanted, buildMemberEvent(rooms, wanted, place, content));
  }
}

interface KnownMember {
  readonly eventId: string;
  readonly json: string;
}

/** What is known of the room and of the membership; of a room that this server was in, what it knew then. */
async function readRoom(
  rooms: Rooms,
  reader: Reader,
  { roomNid, userNid, membership }: MembershipRecord,
): Promise<{ room: OutOfBandRoom; member: KnownMember } | undefined> {
  const record = await readMembership(reader, userNid, roomNid);
  if (record?.membership !== membership) return undefined;
  const { eventNid } = record;
  const kept = await readOutOfBandEvent(reader, eventNid);
  if (kept !== undefined) return { room: kept, member: kept };
  const event = await readEvent(reader, eventNid);
  const version = await rooms.versions.of(reader, roomNid);
  if (event === undefined || version === undefined) {
    throw new Error(`membership ${eventNid} has no event or room`);
  }
  const room = { roomVersion: version.id, servers: await serversOfRoom(rooms, roomNid) };
  return { room, member: { eventId: event.event_id, json: event.json } };
}

async function keep(
  { rooms }: RemoteRooms,
  room: OutOfBandRoom,
  { roomId }: WantedMembership,
  event: ReturnType<typeof buildMemberEvent>,
): Promise<void> {
  const { roomVersion: version, servers } = room;
  await keepOutOfBand(rooms, {
    ...event,
    roomId,
    roomVersion: version,
    servers,
    strippedState: [],
  });
}

/** The leave follows the one event of the room that is known. */
function placeAfter({ json, eventId }: KnownMember, { roomVersion: versionId }: OutOfBandRoom) {
  const version = roomVersion(versionId);
  if (version === undefined) throw new Error(`room version ${versionId} is not supported any more`);
  const { depth }: Pdu = JSON.parse(json);
  const reference = referenceFromJson(json, eventId, version);
  return { version, prevEvents: [reference], authEvents: [reference], depth: depth + 1 };
}
