import { isJsonObject } from '../canonical-json.ts';
import type { JsonObject } from '../canonical-json.ts';
import { globMatches } from '../glob.ts';
import type { EventFilter, RoomEventFilter } from './types.ts';

/** What filters look at. Account data has no sender, ephemeral events and presence no room. */
export interface FilteredEvent {
  readonly type: string;
  readonly sender?: string;
  readonly room_id?: string;
  readonly content: JsonObject;
}

/**
 * Whether a filter lets an event pass. `not_` lists win over the others. An event without a sender passes no list
 * of senders; the lists of rooms are not applied to an event without a room.
 *
 * @example
 * ```ts
 * const parsed = parseRoomEventFilter({ types: ['m.room.*'], not_senders: ['@bob:example.org'] });
 * if (!parsed.ok) throw new Error(parsed.reason);
 * const message = { type: 'm.room.message', content: { body: 'hello' } };
 * matchesEvent(parsed.filter, { ...message, sender: '@alice:example.org' }); // => true
 * matchesEvent(parsed.filter, { ...message, sender: '@bob:example.org' }); // => false
 * ```
 */
export function matchesEvent(filter: EventFilter | RoomEventFilter, event: FilteredEvent): boolean {
  return (
    matchesType(filter, event.type) &&
    matchesSender(filter, event.sender) &&
    (!('notRooms' in filter) || matchesRoomFilter(filter, event))
  );
}

/**
 * Whether lists of rooms, of a `RoomFilter` or a `RoomEventFilter`, let a room pass.
 *
 * @example
 * ```ts
 * const parsed = parseRoomEventFilter({ not_rooms: ['!quiet:example.org'] });
 * parsed.ok && matchesRoom(parsed.filter, '!quiet:example.org'); // => false
 * ```
 */
export function matchesRoom(
  filter: { readonly rooms?: ReadonlySet<string>; readonly notRooms: ReadonlySet<string> },
  roomId: string,
): boolean {
  return !filter.notRooms.has(roomId) && filter.rooms?.has(roomId) !== false;
}

function matchesType({ types, notTypes }: EventFilter, type: string): boolean {
  if (notTypes.some((glob) => globMatches(glob, type))) return false;
  return types === undefined || types.some((glob) => globMatches(glob, type));
}

function matchesSender({ senders, notSenders }: EventFilter, sender: string | undefined): boolean {
  if (sender === undefined) return senders === undefined;
  return !notSenders.has(sender) && senders?.has(sender) !== false;
}

function matchesRoomFilter(filter: RoomEventFilter, event: FilteredEvent): boolean {
  if (event.room_id !== undefined && !matchesRoom(filter, event.room_id)) return false;
  const content = isJsonObject(event.content) ? event.content : {};
  if (!matchesLabels(filter, content)) return false;
  return filter.containsUrl === undefined || Object.hasOwn(content, 'url') === filter.containsUrl;
}

function matchesLabels({ labels, notLabels }: RoomEventFilter, content: JsonObject): boolean {
  if (labels === undefined && notLabels.size === 0) return true;
  const given = content['org.matrix.labels'];
  const texts = Array.isArray(given) ? given.filter((each) => typeof each === 'string') : [];
  if (texts.some((text) => notLabels.has(text))) return false;
  return labels === undefined || texts.some((text) => labels.has(text));
}
