import type { JsonObject } from '@soma/protocol';

import type { Rooms } from '../rooms/rooms.ts';
import type { PublishedRoom } from './room-details-store.ts';

/** What is shown of a room to those who are not in it (CS API, `PublishedRoomsChunk`). */
export async function publicRoomJson(
  rooms: Rooms,
  { roomNid, joinedCount, details }: PublishedRoom,
): Promise<JsonObject> {
  const { name, topic, avatarUrl, canonicalAlias, roomType } = details;
  return {
    room_id: await rooms.names.rooms.text(roomNid),
    num_joined_members: joinedCount,
    world_readable: details.worldReadable,
    guest_can_join: details.guestsCanJoin,
    join_rule: details.joinRule,
    ...(name === undefined ? {} : { name }),
    ...(topic === undefined ? {} : { topic }),
    ...(avatarUrl === undefined ? {} : { avatar_url: avatarUrl }),
    ...(canonicalAlias === undefined ? {} : { canonical_alias: canonicalAlias }),
    ...(roomType === undefined ? {} : { room_type: roomType }),
  };
}
