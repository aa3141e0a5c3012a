import { isJsonObject, parseRoomId } from '@soma/protocol';
import type { JsonObject, JsonValue } from '@soma/protocol';

const TEXTS = [
  'name',
  'topic',
  'avatar_url',
  'canonical_alias',
  'room_type',
  'join_rule',
  'room_version',
  'encryption',
];

/** How the text must begin. */
const PREFIXES: Readonly<Record<string, string>> = { canonical_alias: '#', avatar_url: 'mxc://' };

/** What another server says of a room, without what is unknown or malformed; undefined for what is no summary. */
export function parseRoomSummary(value: JsonValue | undefined): JsonObject | undefined {
  if (!isJsonObject(value)) return undefined;
  const { room_id: given, num_joined_members: members, allowed_room_ids: allowed } = value;
  const roomId = parseRoomId(given);
  if (roomId === undefined || !isCount(members)) return undefined;
  const texts = TEXTS.flatMap((name) => {
    const text = value[name];
    const isRight = typeof text === 'string' && text.startsWith(PREFIXES[name] ?? '');
    return isRight ? [[name, text] as const] : [];
  });
  const roomIds = (Array.isArray(allowed) ? allowed : []).filter(
    (each) => parseRoomId(each) !== undefined,
  );
  return {
    room_id: roomId,
    num_joined_members: members,
    world_readable: value['world_readable'] === true,
    guest_can_join: value['guest_can_join'] === true,
    ...Object.fromEntries(texts),
    ...(roomIds.length === 0 ? {} : { allowed_room_ids: roomIds }),
  };
}

export function isCount(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
