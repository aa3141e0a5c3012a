import { isJsonObject } from '@soma/protocol';
import type { JsonObject, JsonValue } from '@soma/protocol';

import { readCurrentContent } from '../rooms/read-current-content.ts';
import type { Rooms } from '../rooms/rooms.ts';
import type { Reader } from '../storage/sql.ts';
import { publicRoomJson } from './public-room-json.ts';
import { readPublicRoom } from './room-details-store.ts';
import { readMembershipOfServer } from './server-members-store.ts';

/** Who wants to know what a room is. */
export interface SummaryViewer {
  /** Their membership of a room; undefined where there is none. */
  membershipOf(reader: Reader, roomNid: number): Promise<string | undefined>;
}

/** Somebody without an account. */
export const NOBODY: SummaryViewer = { membershipOf: async () => undefined };

export function userViewer(rooms: Rooms, userId: string): SummaryViewer {
  return {
    async membershipOf(reader, roomNid) {
      const member = await readCurrentContent(rooms, reader, roomNid, 'm.room.member', userId);
      return textOf(member?.['membership']);
    },
  };
}

/** Another server, which may know what its users may. */
export function serverViewer(serverName: string): SummaryViewer {
  return {
    membershipOf: (reader, roomNid) => readMembershipOfServer(reader, roomNid, serverName),
  };
}

export interface RoomSummary {
  /** CS API, `RoomSummary`. */
  readonly json: JsonObject;
  readonly isSpace: boolean;
  /** The viewer's. */
  readonly membership: string | undefined;
}

/**
 * A room as it is shown to who may read or join it, or ask to (CS API, `GET /hierarchy` and `GET /room_summary`);
 * undefined where this server knows no such room, or the viewer may do neither.
 */
export async function summariseRoom(
  rooms: Rooms,
  reader: Reader,
  viewer: SummaryViewer,
  roomId: string,
): Promise<RoomSummary | undefined> {
  const roomNid = await rooms.names.rooms.find(roomId);
  if (roomNid === undefined) return undefined;
  const room = await readPublicRoom(reader, roomNid);
  const version = await rooms.versions.of(reader, roomNid);
  if (room === undefined || version === undefined) return undefined;
  const contentOf = (type: string): Promise<JsonObject | undefined> =>
    readCurrentContent(rooms, reader, roomNid, type);
  const membership = await viewer.membershipOf(reader, roomNid);
  const { joinRule, worldReadable, roomType } = room.details;
  const isRestricted = version.joinRulesForRestricted.includes(joinRule);
  const allowed = isRestricted ? allowedRooms(await contentOf('m.room.join_rules')) : [];
  const isOpen =
    worldReadable || joinRule === 'public' || version.joinRulesForKnocking.includes(joinRule);
  const isAllowed =
    isOpen ||
    membership === 'join' ||
    membership === 'invite' ||
    (await isInOneOf(rooms, reader, viewer, allowed));
  if (!isAllowed) return undefined;
  const encryption = textOf((await contentOf('m.room.encryption'))?.['algorithm']);
  return {
    json: {
      ...(await publicRoomJson(rooms, room)),
      room_version: version.id,
      ...(encryption === undefined ? {} : { encryption }),
      ...(allowed.length === 0 ? {} : { allowed_room_ids: allowed }),
    },
    isSpace: roomType === 'm.space',
    membership,
  };
}

/** Whether the viewer may come to see a room that only another server tells of. */
export async function maySeeRemote(
  rooms: Rooms,
  reader: Reader,
  viewer: SummaryViewer,
  summary: JsonObject,
): Promise<boolean> {
  const { world_readable: isReadable, join_rule: joinRule = 'public' } = summary;
  const allowed = summary['allowed_room_ids'];
  if (isReadable === true || OPEN_JOIN_RULES.has(joinRule)) return true;
  const roomIds = (Array.isArray(allowed) ? allowed : []).filter((id) => typeof id === 'string');
  return isInOneOf(rooms, reader, viewer, roomIds);
}

/** In rooms of any version: who may not know that a room has a version may see it. */
const OPEN_JOIN_RULES: ReadonlySet<JsonValue> = new Set(['public', 'knock', 'knock_restricted']);

/** The rooms whose members may join (CS API, "Restricted rooms"). */
function allowedRooms(rules: JsonObject | undefined): string[] {
  const allow = rules?.['allow'];
  return (Array.isArray(allow) ? allow : []).flatMap((condition) => {
    if (!isJsonObject(condition) || condition['type'] !== 'm.room_membership') return [];
    return textOf(condition['room_id']) ?? [];
  });
}

async function isInOneOf(
  rooms: Rooms,
  reader: Reader,
  viewer: SummaryViewer,
  roomIds: readonly string[],
): Promise<boolean> {
  for (const roomId of roomIds) {
    const roomNid = await rooms.names.rooms.find(roomId);
    if (roomNid !== undefined && (await viewer.membershipOf(reader, roomNid)) === 'join') {
      return true;
    }
  }
  return false;
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
