import { historyVisibilityOf, isJsonObject } from '@soma/protocol';
import type { JsonObject, JsonValue } from '@soma/protocol';

/** What the published directory shows of a room (CS API, `PublishedRoomsChunk`). */
export interface RoomDetails {
  readonly name: string | undefined;
  readonly topic: string | undefined;
  readonly avatarUrl: string | undefined;
  readonly canonicalAlias: string | undefined;
  readonly roomType: string | undefined;
  readonly joinRule: string;
  readonly worldReadable: boolean;
  readonly guestsCanJoin: boolean;
}

/** A room before its first event. */
const NO_DETAILS: RoomDetails = {
  name: undefined,
  topic: undefined,
  avatarUrl: undefined,
  canonicalAlias: undefined,
  roomType: undefined,
  joinRule: 'invite',
  worldReadable: false,
  guestsCanJoin: false,
};

type Update = (content: JsonObject) => Partial<RoomDetails>;

/** What each type of state event, with an empty state key, says of it. */
const updates: Readonly<Record<string, Update>> = {
  'm.room.create': ({ type }) => ({ roomType: textOf(type) }),
  'm.room.name': ({ name }) => ({ name: textOf(name) }),
  'm.room.topic': (content) => ({ topic: plainTopic(content) }),
  'm.room.avatar': ({ url }) => ({ avatarUrl: textOf(url) }),
  'm.room.canonical_alias': ({ alias }) => ({ canonicalAlias: textOf(alias) }),
  'm.room.join_rules': ({ join_rule: joinRule }) => ({ joinRule: textOf(joinRule) ?? 'invite' }),
  'm.room.history_visibility': (content) => ({
    worldReadable: historyVisibilityOf(content) === 'world_readable',
  }),
  'm.room.guest_access': ({ guest_access: access }) => ({ guestsCanJoin: access === 'can_join' }),
};

/** The types of state events that say something of it. */
export const DETAIL_TYPES: readonly string[] = Object.keys(updates);

/** The details that a room's state makes, given the contents of its events by type. */
export function detailsOfState(contentOf: (type: string) => JsonObject | undefined): RoomDetails {
  let details = NO_DETAILS;
  for (const type of DETAIL_TYPES) {
    const content = contentOf(type);
    if (content !== undefined) details = detailsAfter(details, type, content) ?? details;
  }
  return details;
}

/** The details after a state event; undefined where it says nothing of them. */
export function detailsAfter(
  details: RoomDetails,
  type: string,
  content: JsonObject,
): RoomDetails | undefined {
  if (!Object.hasOwn(updates, type)) return undefined;
  return { ...details, ...updates[type]?.(content) };
}

/** CS API, `m.room.topic`: the representation in plain text, or else the older `topic`. */
function plainTopic({ topic, 'm.topic': block }: JsonObject): string | undefined {
  const representations = isJsonObject(block) ? block['m.text'] : undefined;
  if (!Array.isArray(representations)) return textOf(topic);
  const plain = representations.find(
    (one) => isJsonObject(one) && (one['mimetype'] ?? 'text/plain') === 'text/plain',
  );
  return (isJsonObject(plain) ? textOf(plain['body']) : undefined) ?? textOf(topic);
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
