import { parseGlob } from '../glob.ts';
import { parsePropertyPath } from '../property-path.ts';
import { FilterReader } from './filter-reader.ts';
import { FILTER_LIMIT_DEFAULT } from './types.ts';
import type { EventFilter, ParsedFilter, RoomEventFilter, SyncFilter } from './types.ts';

/**
 * Parses a filter for `/sync` (spec: Client-Server API, `POST /user/{userId}/filter`). Properties that are not
 * known are ignored; a known one of the wrong type is refused.
 *
 * @example
 * ```ts
 * const parsed = parseSyncFilter({ room: { timeline: { limit: 50, types: ['m.room.*'] } } });
 * parsed.ok && parsed.filter.room.timeline.limit; // => 50
 * parseSyncFilter({ room: { timeline: { limit: '50' } } });
 * // => { ok: false, path: 'room.timeline.limit', reason: 'must be an integer that is not negative' }
 * ```
 */
export function parseSyncFilter(json: unknown): ParsedFilter<SyncFilter> {
  const reader = new FilterReader(json);
  const eventFields = reader.strings('event_fields');
  const room = reader.object('room');
  const rooms = room.identifiers('rooms', '!');
  return finish(reader, {
    ...(eventFields === undefined ? {} : { eventFields: eventFields.map(parsePropertyPath) }),
    eventFormat: reader.oneOf('event_format', ['client', 'federation']) ?? 'client',
    presence: readEventFilter(reader.object('presence')),
    accountData: readEventFilter(reader.object('account_data')),
    room: {
      ...(rooms === undefined ? {} : { rooms }),
      notRooms: room.identifiers('not_rooms', '!') ?? new Set(),
      includeLeave: room.boolean('include_leave') ?? false,
      ephemeral: readRoomEventFilter(room.object('ephemeral')),
      state: readRoomEventFilter(room.object('state')),
      timeline: readRoomEventFilter(room.object('timeline')),
      accountData: readRoomEventFilter(room.object('account_data')),
    },
  });
}

/**
 * Parses a `RoomEventFilter`, the `filter` of `/messages`, `/context` and `/search` (spec: Client-Server API). As with
 * `parseSyncFilter`, properties that are not known are ignored and a known one of the wrong type is refused.
 *
 * @example
 * ```ts
 * const parsed = parseRoomEventFilter({ lazy_load_members: true });
 * parsed.ok && parsed.filter.lazyLoadMembers; // => true
 * ```
 */
export function parseRoomEventFilter(json: unknown): ParsedFilter<RoomEventFilter> {
  const reader = new FilterReader(json);
  return finish(reader, readRoomEventFilter(reader));
}

function finish<Filter>(reader: FilterReader, filter: Filter): ParsedFilter<Filter> {
  return reader.fault === undefined ? { ok: true, filter } : { ok: false, ...reader.fault };
}

function readEventFilter(reader: FilterReader): EventFilter {
  const senders = reader.identifiers('senders', '@');
  const types = reader.strings('types');
  return {
    limit: reader.count('limit') ?? FILTER_LIMIT_DEFAULT,
    ...(senders === undefined ? {} : { senders }),
    notSenders: reader.identifiers('not_senders', '@') ?? new Set(),
    ...(types === undefined ? {} : { types: types.map(parseGlobOfType) }),
    notTypes: (reader.strings('not_types') ?? []).map(parseGlobOfType),
  };
}

function readRoomEventFilter(reader: FilterReader): RoomEventFilter {
  const rooms = reader.identifiers('rooms', '!');
  const containsUrl = reader.boolean('contains_url');
  const labels = reader.strings('org.matrix.labels');
  return {
    ...readEventFilter(reader),
    ...(rooms === undefined ? {} : { rooms }),
    notRooms: reader.identifiers('not_rooms', '!') ?? new Set(),
    ...(containsUrl === undefined ? {} : { containsUrl }),
    ...(labels === undefined ? {} : { labels: new Set(labels) }),
    notLabels: new Set(reader.strings('org.matrix.not_labels')),
    lazyLoadMembers: reader.boolean('lazy_load_members') ?? false,
    includeRedundantMembers: reader.boolean('include_redundant_members') ?? false,
    unreadThreadNotifications: reader.boolean('unread_thread_notifications') ?? false,
  };
}

// Only `*` is a wildcard here: "A `*` can be used as a wildcard to match any sequence of characters".
function parseGlobOfType(pattern: string) {
  return parseGlob(pattern).map(({ text }) => ({ text }));
}
