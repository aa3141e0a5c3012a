import type { JsonObject, SyncFilter } from '@soma/protocol';

import type { Rooms } from '../rooms/rooms.ts';
import type { Viewer } from '../rooms/viewer.ts';
import type { Reader } from '../storage/sql.ts';
import type { Notifier } from '../streams/notifier.ts';
import type { RecentChanges } from '../streams/recent-changes.ts';
import type { WaitingLine } from '../streams/turns.ts';
import { eventFormOf } from './event-form.ts';
import type { EventForm } from './event-form.ts';
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
  /** All entries that belong to no room, called as {@link accountData} of all. */
  ownAccountData: SyncSources['accountData'];
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
  readonly presence: PresenceSource;
  readonly encryption: EncryptionSource;
}

/** What a device is told for encryption. */
export interface EncryptionSource {
  /** Messages to the device above one position, up to and with another, and up to where they are told. */
  toDevice(
    reader: Reader,
    device: OwnDevice,
    above: number,
    upTo: number,
    limit?: number,
  ): Promise<{ readonly events: readonly JsonObject[]; readonly upTo: number }>;
  /** Forgets the messages up to a position, which the device has. */
  acknowledge(device: OwnDevice, position: number): Promise<void>;
  oneTimeKeyCounts(reader: Reader, device: OwnDevice): Promise<Record<string, number>>;
  unusedFallbackTypes(reader: Reader, device: OwnDevice): Promise<string[]>;
  /** Users whose devices or keys changed in (`above`, `upTo`], as the observer may know. */
  deviceListsChanged(
    reader: Reader,
    observerNid: number,
    above: number,
    upTo: number,
  ): Promise<readonly number[]>;
}

/** The device that syncs. */
export interface OwnDevice {
  readonly userNid: number;
  readonly deviceNid: number;
}

/** Who is online, as far as this server knows. */
export interface PresenceSource {
  /** Grows with every change. */
  readonly counter: number;
  /** Up to which change the waiting syncs have been woken. */
  readonly toldCounter: number;
  /** Users whose presence changed above a counter of this process; undefined when that is not remembered. */
  changedSince(counter: number): Iterable<number> | undefined;
  /** Those of whom there is something to tell to a client that knows nothing. */
  knownUsers(): Iterable<number>;
  /** The content of the user's `m.presence`; undefined where nothing is known. */
  contentOf(userNid: number): JsonObject | undefined;
  /** Of these users, those who are in a room with the viewer, and the viewer. */
  sharing(
    reader: Reader,
    viewerNid: number,
    userNids: readonly number[],
  ): Promise<readonly number[]>;
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
  /** Of clients that begin. */
  readonly longAnswers: WaitingLine;
  /** More events than this a timeline never has (`filter_timeline_limit`). */
  readonly timelineLimitMax: number;
  /** Rooms by their ID that no client is told of (`exclude_rooms_from_sync`). */
  readonly excludedRooms: ReadonlySet<string>;
}

/**
 * Under which name a room tells its state after the timeline; false to tell the state before it. The unstable name
 * is that of clients from before v1.16 (MSC4222).
 */
export type StateAfter = 'state_after' | 'org.matrix.msc4222.state_after' | false;

/** One answer in the making: what is asked, from where to where. */
export interface SyncPass {
  readonly context: SyncContext;
  readonly reader: Reader;
  readonly viewer: Viewer;
  readonly filter: SyncFilter;
  readonly form: EventForm;
  /** The client has seen everything up to here; -1 for an initial sync. */
  readonly since: number;
  readonly upTo: number;
  /** Rooms in which who is typing is not what the client has seen. */
  readonly typingChanged: ReadonlySet<number>;
  readonly fullState: boolean;
  readonly useStateAfter: StateAfter;
}

/** What a pass is made of, apart from the state that it reads. */
export interface PassOptions {
  readonly viewer: Viewer;
  readonly filter: SyncFilter;
  readonly since: number;
  /** The typing counter that the client has seen. */
  readonly typingSince: number | undefined;
  readonly fullState?: boolean;
  readonly useStateAfter?: StateAfter;
}

export function openPass(
  context: SyncContext,
  reader: Reader,
  upTo: number,
  options: PassOptions,
): SyncPass {
  const { viewer, filter, since, typingSince, fullState, useStateAfter } = options;
  return {
    context,
    reader,
    viewer,
    filter,
    form: eventFormOf(filter),
    since,
    upTo,
    typingChanged: new Set(context.sources.typing.roomsChangedSince(typingSince ?? -1)),
    fullState: fullState ?? false,
    useStateAfter: useStateAfter ?? false,
  };
}
