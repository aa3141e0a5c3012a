import type { JsonObject } from '@soma/protocol';

import { readStrippedState } from '../membership/membership-store.ts';
import type { MembershipRecord } from '../membership/membership-store.ts';
import { clientEvent } from '../rooms/client-event.ts';
import { readEvent } from '../rooms/event-store.ts';
import { readDeparture } from '../rooms/room-access.ts';
import type { Viewer } from '../rooms/viewer.ts';
import { readAt } from '../storage/database.ts';
import { Turns } from '../streams/turns.ts';
import { readMemberEvent } from './member-event.ts';
import { filterWithLimit, oldPresence, readOldReceipts, readOldRoom } from './old-room.ts';
import { readPresence } from './presence-section.ts';
import { openPass } from './sync-context.ts';
import type { AccountDataEvent, SyncContext, SyncPass } from './sync-context.ts';
import { formatSyncToken } from './sync-token.ts';

/** What a client of the old API begins with (CS API, `GET /initialSync`). */
export interface InitialSyncRequest {
  readonly viewer: Viewer;
  /** The most events of each room. */
  readonly limit: number;
  /** Whether rooms that the user has left are told too. */
  readonly archived: boolean;
}

export function initialSync(
  context: SyncContext,
  request: InitialSyncRequest,
): Promise<JsonObject> {
  return context.longAnswers.run(() => answer(context, request));
}

function answer(
  context: SyncContext,
  { viewer, limit, archived }: InitialSyncRequest,
): Promise<JsonObject> {
  return readAt(context.rooms.database, async (reader, position) => {
    const { sources } = context;
    const counters = { typing: sources.typing.counter, presence: sources.presence.counter };
    const turns = new Turns();
    const pass = openPass(context, reader, position, {
      viewer,
      filter: filterWithLimit(limit),
      since: -1,
      typingSince: undefined,
    });
    const accountData = await sources.accountData(reader, viewer, -1, position);
    const rooms: JsonObject[] = [];
    const receipts: JsonObject[] = [];
    for (const record of (await context.userRooms.of(reader, viewer.userNid, position)).values()) {
      await turns.next();
      const room = await readRoom(pass, record, archived, accountData.rooms.get(record.roomNid));
      if (room === undefined) continue;
      rooms.push(room);
      if (record.membership !== 'join') continue;
      const roomId = await context.rooms.names.rooms.text(record.roomNid);
      receipts.push(...(await readOldReceipts(pass, record.roomNid, roomId)));
    }
    return {
      // Messages to the device are not in it: /sync tells them all to who goes on there.
      end: formatSyncToken(context.rooms.database.incarnation, position, counters, 0),
      rooms,
      presence: oldPresence(await readPresence(pass, undefined)),
      receipts,
      account_data: accountData.global.map((event) => ({ ...event })),
    };
  });
}

async function readRoom(
  pass: SyncPass,
  record: MembershipRecord,
  archived: boolean,
  accountData: readonly AccountDataEvent[] = [],
): Promise<JsonObject | undefined> {
  const { membership, roomNid, forgotten } = record;
  const roomId = await pass.context.rooms.names.rooms.text(roomNid);
  if (membership === 'invite') {
    const invite = await readInvite(pass, record, roomId);
    if (invite === undefined) return undefined;
    return { room_id: roomId, membership, inviter: invite['sender'] ?? '', invite };
  }
  const isWanted = membership === 'join' || (archived && membership !== 'knock' && !forgotten);
  if (!isWanted || !(await hasBeenSeen(pass, record))) return undefined;
  return { ...(await readOldRoom(pass, roomId, accountData)), membership };
}

/** Who was invited and declined has nothing to read. */
async function hasBeenSeen({ context, reader, viewer }: SyncPass, record: MembershipRecord) {
  if (record.membership === 'join') return true;
  const member = await readEvent(reader, record.eventNid);
  if (member === undefined) return false;
  return (await readDeparture(context.rooms, reader, member, viewer.userId)) !== undefined;
}

/** The own member event of someone invited, with the stripped state that came with it. */
export async function readInvite(
  pass: SyncPass,
  record: MembershipRecord,
  roomId: string,
): Promise<JsonObject | undefined> {
  const event = await readMemberEvent(pass, record);
  if (event === undefined) return undefined;
  const stripped = await readStrippedState(pass.reader, record.userNid, record.roomNid);
  const unsigned: JsonObject =
    stripped === undefined ? {} : { invite_room_state: JSON.parse(stripped) };
  return clientEvent(event, unsigned, roomId);
}
