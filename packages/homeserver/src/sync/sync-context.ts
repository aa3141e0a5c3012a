import type { JsonObject, SyncFilter } from '@soma/protocol';

import type { Rooms } from '../rooms/rooms.ts';
import type { Viewer } from '../rooms/viewer.ts';
import type { Reader } from '../storage/sql.ts';
import type { Notifier } from '../streams/notifier.ts';
import type { RecentChanges } from '../streams/recent-changes.ts';
import type { LazyMembers } from './lazy-members.ts';
import type { SharedReads } from './shared-reads.ts';
import type { UserRooms } from './user-rooms.ts';

/** One entry of account data as clients see it. */
export interface AccountDataEvent {
  readonly type: string;
  readonly content: JsonObject;
}

/** Account data that changed: the user's own, and by room. */
export interface AccountDataChanges {
  readonly global: readonly AccountDataEvent[];
  readonly rooms: ReadonlyMap<number, readonly AccountDataEvent[]>;
}

export interface UnreadCount {
  readonly notify: number;
  readonly highlight: number;
}

/** What a user has not read in one room. */
export interface RoomUnread {
  /** The whole room, threads included. */
  readonly total: UnreadCount;
  /** The main timeline alone. */
  readonly main: UnreadCount;
  /** By the event ID of the thread's root. */
  readonly threads: ReadonlyMap<string, UnreadCount>;
}

/** What other domains tell `/sync`; handed in at composition. */
export interface SyncSources {
  /** Entries that changed in (`above`, `upTo`]; all for an `above` below 0. */
  accountData(
    reader: Reader,
    viewer: Viewer,
    above: number,
    upTo: number,
  ): Promise<AccountDataChanges>;
  /** The content of an `m.receipt`; undefined where there is none. Private ones only to their owner. */
  receipts(
    reader: Reader,
    viewer: Viewer,
    roomNid: number,
    above: number,
    upTo: number,
  ): Promise<JsonObject | undefined>;
  unread(
    reader: Reader,
    userNid: number,
    roomNids: readonly number[],
    upTo: number,
  ): Promise<ReadonlyMap<number, RoomUnread>>;
  readonly typing: {
    /** Grows with every change. */
    readonly counter: number;
    usersTyping(roomNid: number): readonly string[];
    roomsChangedSince(counter: number): Iterable<number>;
  };
}

/** What `/sync` works with; one per process. */
export interface SyncContext {
  readonly rooms: Rooms;
  readonly sources: SyncSources;
  readonly recent: RecentChanges;
  readonly notifier: Notifier;
  readonly userRooms: UserRooms;
  readonly lazyMembers: LazyMembers;
  readonly shared: SharedReads;
  /** More events than this a timeline never has (`filter_timeline_limit`). */
  readonly timelineLimitMax: number;
}

/** One answer in the making: what is asked, from where to where. */
export interface SyncPass {
  readonly context: SyncContext;
  readonly reader: Reader;
  readonly viewer: Viewer;
  readonly filter: SyncFilter;
  /** The client has seen everything up to here; -1 for an initial sync. */
  readonly since: number;
  readonly upTo: number;
  /** Rooms in which who is typing is not what the client has seen. */
  readonly typingChanged: ReadonlySet<number>;
  readonly fullState: boolean;
  readonly useStateAfter: boolean;
}
