import { readPartialRoomNids, readWholeSince } from '../rooms/partial-room-store.ts';
import type { SyncPass } from './sync-context.ts';

/** Rooms that were joined without their members. */
export interface UnwholeRooms {
  /** Their members are still being learned: to a client that wants to know all of them they are not joined yet. */
  readonly hidden: { has(roomNid: number): boolean };
  /** Their members were still being learned when the client looked last. */
  readonly filled: { has(roomNid: number): boolean };
}

const NONE: ReadonlySet<number> = new Set();

export async function readUnwhole({ reader, filter, since }: SyncPass): Promise<UnwholeRooms> {
  const isLazy = filter.room.state.lazyLoadMembers;
  return {
    hidden: isLazy ? NONE : new Set(await readPartialRoomNids(reader)),
    filled: since < 0 ? NONE : await readWholeSince(reader, since),
  };
}
