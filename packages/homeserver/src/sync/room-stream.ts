import type { JsonObject } from '@soma/protocol';

import type { MembershipRecord } from '../membership/membership-store.ts';
import { timelineQueries } from '../rooms/event-store.ts';
import type { EventRow } from '../rooms/event-store.ts';
import { viewEvents } from '../rooms/view-events.ts';
import { ChangeKind } from '../storage/change.ts';
import { readInvite } from './initial-sync.ts';
import type { SyncPass } from './sync-context.ts';

/** A room whose events are in the stream. */
export interface FollowedRoom {
  readonly roomNid: number;
  readonly roomId: string;
  /** The viewer's membership, where it is new to the client. */
  readonly record: MembershipRecord | undefined;
}

export interface RoomStream {
  readonly events: readonly JsonObject[];
  /** The position up to which these are all. */
  readonly upTo: number;
}

/** The most events that one answer looks at. */
const ROWS_MAX = 250;

interface Placed {
  readonly order: number;
  readonly event: JsonObject;
}

/** The events of the rooms in the order of their arrival, as far as the viewer may see them. */
export async function readStream(
  pass: SyncPass,
  followed: readonly FollowedRoom[],
): Promise<RoomStream> {
  const { reader, since, context } = pass;
  const changed = roomsWithEvents(pass);
  const rows: EventRow[] = [];
  const rooms = new Map<number, FollowedRoom>();
  for (const room of followed) {
    if (changed?.has(room.roomNid) === false) continue;
    rooms.set(room.roomNid, room);
    rows.push(
      ...(await reader.all(timelineQueries.oldest, room.roomNid, since, pass.upTo, ROWS_MAX + 1)),
    );
  }
  rows.sort((a, b) => orderOf(a) - orderOf(b));
  const told = rows.slice(0, ROWS_MAX);
  const last = told.at(-1);
  const upTo = rows.length > ROWS_MAX && last !== undefined ? orderOf(last) : pass.upTo;
  const placed: Placed[] = [];
  for (const [roomNid, room] of rooms) {
    const own = told.filter((row) => row.room_nid === roomNid);
    const viewed = await viewEvents(context.rooms, reader, pass.viewer, roomNid, own);
    placed.push(...viewed.map(({ event, client }) => ({ order: event.order ?? 0, event: client })));
    const shown = new Set(viewed.map(({ event }) => event.eventNid));
    placed.push(...(await invitation(pass, room, upTo, shown)));
  }
  placed.sort((a, b) => a.order - b.order);
  return { events: placed.map(({ event }) => event), upTo };
}

/** Who is invited is told so, though the room is not theirs to see. */
async function invitation(
  pass: SyncPass,
  { record, roomId }: FollowedRoom,
  upTo: number,
  shown: ReadonlySet<number>,
): Promise<Placed[]> {
  if (record?.membership !== 'invite' || record.position > upTo) return [];
  if (shown.has(record.eventNid)) return [];
  const event = await readInvite(pass, record, roomId);
  return event === undefined ? [] : [{ order: record.position, event }];
}

function roomsWithEvents({ context, since }: SyncPass): Set<number> | undefined {
  const rooms = new Set<number>();
  const complete = context.recent.some(since, (kind, subject) => {
    if (kind === ChangeKind.room) rooms.add(subject);
    return false;
  });
  return complete === undefined ? undefined : rooms;
}

function orderOf({ event_order: order }: EventRow): number {
  return order ?? 0;
}
