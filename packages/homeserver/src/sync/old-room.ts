import { parseSyncFilter } from '@soma/protocol';
import type { JsonObject, SyncFilter } from '@soma/protocol';

import { formatPositionToken } from '../rooms/pagination-token.ts';
import { readStateWith } from '../rooms/read-state.ts';
import { readRoomAccess } from '../rooms/room-access.ts';
import type { RoomAccess } from '../rooms/room-access.ts';
import { readEphemeral } from './joined-room.ts';
import { readTimeline } from './room-timeline.ts';
import type { AccountDataEvent, SyncPass } from './sync-context.ts';

/** The old API has no filters: everything, so many events of each room. */
export function filterWithLimit(limit: number): SyncFilter {
  const parsed = parseSyncFilter({ room: { timeline: { limit }, include_leave: true } });
  if (!parsed.ok) throw new Error(`the filter of the old API is none: ${parsed.path}`);
  return parsed.filter;
}

/** A room as `GET /initialSync` and `GET /rooms/{roomId}/initialSync` tell of it. */
export async function readOldRoom(
  pass: SyncPass,
  roomId: string,
  accountData: readonly AccountDataEvent[],
): Promise<JsonObject> {
  const { rooms } = pass.context;
  const access = await readRoomAccess(rooms, pass.reader, pass.viewer, roomId);
  return {
    room_id: roomId,
    messages: await readOldMessages(pass, roomId, access),
    state: await readStateWith(rooms, pass.reader, access, roomId),
    account_data: accountData.map((event) => ({ ...event })),
  };
}

/** The room's last events, oldest first; `start` is where to page back from. */
async function readOldMessages(
  pass: SyncPass,
  roomId: string,
  { roomNid, leftBy }: RoomAccess,
): Promise<JsonObject> {
  const end = leftBy?.event_order ?? pass.upTo;
  const timeline = await readTimeline(pass, roomNid, -1, end);
  return {
    start: timeline.prevBatch,
    end: formatPositionToken(pass.context.rooms.database.incarnation, end),
    chunk: timeline.events.map(({ client }) => ({ ...client, room_id: roomId })),
  };
}

/** The room's receipts, as an event that names the room. */
export async function readOldReceipts(
  pass: SyncPass,
  roomNid: number,
  roomId: string,
): Promise<JsonObject[]> {
  const events = await readEphemeral(pass, roomNid, undefined);
  return events
    .filter(({ type }) => type === 'm.receipt')
    .map((event) => ({ ...event, room_id: roomId }));
}

/** The presence of users as the old API has it, with the user in the content too. */
export function oldPresence(events: readonly JsonObject[]): JsonObject[] {
  return events.map((event) => {
    const { sender = '', content = {} } = event;
    return { ...event, content: { ...Object(content), user_id: sender } };
  });
}
