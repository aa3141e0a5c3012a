import type { JsonObject } from '@soma/protocol';

import { readMembersOfRoom, readMembership } from '../membership/membership-store.ts';
import type { Viewer } from '../rooms/viewer.ts';
import { readAt } from '../storage/database.ts';
import { filterWithLimit, oldPresence, readOldReceipts, readOldRoom } from './old-room.ts';
import { openPass } from './sync-context.ts';
import type { SyncContext, SyncPass } from './sync-context.ts';

/** One room for a client of the old API, or for one that peeks (CS API, `GET /rooms/{roomId}/initialSync`). */
export function roomInitialSync(
  context: SyncContext,
  { viewer, roomId, limit }: { viewer: Viewer; roomId: string; limit: number },
): Promise<JsonObject> {
  return readAt(context.rooms.database, async (reader, position) => {
    const pass = openPass(context, reader, position, {
      viewer,
      filter: filterWithLimit(limit),
      since: -1,
      typingSince: undefined,
    });
    const accountData = await context.sources.accountData(reader, viewer, -1, position);
    const roomNid = (await context.rooms.names.rooms.find(roomId)) ?? -1;
    const room = await readOldRoom(pass, roomId, accountData.rooms.get(roomNid) ?? []);
    const record = await readMembership(reader, viewer.userNid, roomNid);
    const isJoined = record?.membership === 'join';
    return {
      ...room,
      ...(record === undefined ? {} : { membership: record.membership }),
      receipts: isJoined ? await readOldReceipts(pass, roomNid, roomId) : [],
      presence: isJoined ? await readPresenceIn(pass, roomNid) : [],
    };
  });
}

/** Of the room's joined members those of whom something is known. */
async function readPresenceIn(pass: SyncPass, roomNid: number): Promise<JsonObject[]> {
  const { presence } = pass.context.sources;
  const events: JsonObject[] = [];
  for (const { userNid } of await readMembersOfRoom(pass.reader, roomNid, 'join')) {
    const content = presence.contentOf(userNid);
    if (content === undefined) continue;
    const sender = await pass.context.rooms.names.users.text(userNid);
    events.push({ type: 'm.presence', sender, content });
  }
  return oldPresence(events);
}
