import type { Glob } from '../glob.ts';
import type { PropertyPath } from '../property-path.ts';

/**
 * The `limit` of a filter that has none, in events; the spec leaves it to the server.
 *
 * @example
 * ```ts
 * FILTER_LIMIT_DEFAULT; // => 10
 * ```
 */
export const FILTER_LIMIT_DEFAULT = 10;

/** A parsed `EventFilter`. A list that is absent allows everything; an empty one nothing. */
export interface EventFilter {
  /** The most events. 0, which the spec does not provide for, asks for none. The server imposes its own maximum. */
  readonly limit: number;
  readonly senders?: ReadonlySet<string>;
  readonly notSenders: ReadonlySet<string>;
  readonly types?: readonly Glob[];
  readonly notTypes: readonly Glob[];
}

/** A parsed `RoomEventFilter`. */
export interface RoomEventFilter extends EventFilter {
  readonly rooms?: ReadonlySet<string>;
  readonly notRooms: ReadonlySet<string>;
  /** Whether `content` must, or must not, have a `url`. */
  readonly containsUrl?: boolean;
  /** Of the labels that senders give their events (MSC2326) one must be here. */
  readonly labels?: ReadonlySet<string>;
  readonly notLabels: ReadonlySet<string>;
  readonly lazyLoadMembers: boolean;
  readonly includeRedundantMembers: boolean;
  readonly unreadThreadNotifications: boolean;
}

/** A parsed filter for `/sync`. */
export interface SyncFilter {
  /** Absent: all fields. */
  readonly eventFields?: readonly PropertyPath[];
  readonly eventFormat: 'client' | 'federation';
  readonly presence: EventFilter;
  readonly accountData: EventFilter;
  readonly room: {
    readonly rooms?: ReadonlySet<string>;
    readonly notRooms: ReadonlySet<string>;
    readonly includeLeave: boolean;
    readonly ephemeral: RoomEventFilter;
    readonly state: RoomEventFilter;
    readonly timeline: RoomEventFilter;
    readonly accountData: RoomEventFilter;
  };
}

/** A parsed filter, or where and why the JSON is none. */
export type ParsedFilter<Filter> =
  | { readonly ok: true; readonly filter: Filter }
  | {
      readonly ok: false;
      /** The property, such as `room.timeline.limit`; empty for the filter itself. */
      readonly path: string;
      readonly reason: string;
    };
