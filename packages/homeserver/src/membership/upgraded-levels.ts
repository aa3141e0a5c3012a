import { creatorsOf, isJsonObject } from '@soma/protocol';
import type { JsonObject, JsonValue, RoomVersion } from '@soma/protocol';

import type { HeadEntry } from '../rooms/head-entry.ts';
import { withTombstoneOfCreators } from '../rooms/room-presets.ts';

/** A room's power levels on their way to another version. */
export interface LevelsQuestion {
  readonly old: JsonObject;
  readonly oldCreate: HeadEntry | undefined;
  readonly oldVersion: RoomVersion;
  readonly version: RoomVersion;
  /** Who upgrades the room, and with whom. */
  readonly creators: readonly string[];
}

/** The power levels of the new room: those of the old one, as far as the versions understand the same by them. */
export function upgradedLevels(question: LevelsQuestion): JsonObject {
  const { old, version, oldVersion, oldCreate, creators } = question;
  const levels: JsonObject = Object.fromEntries(
    Object.entries(old).map(([key, value]) => [
      key,
      isJsonObject(value) ? mapOf(value) : levelOf(value),
    ]),
  );
  const users: JsonObject = isJsonObject(levels['users']) ? { ...levels['users'] } : {};
  if (version.creatorsHaveInfinitePower) {
    for (const creator of creators) delete users[creator];
    return withTombstoneOfCreators({ ...levels, users });
  }
  if (oldVersion.creatorsHaveInfinitePower && oldCreate !== undefined) {
    const level = Math.max(100, neededLevel(levels));
    for (const creator of creatorsOf(oldCreate.event, oldVersion)) users[creator] = level;
  }
  return { ...levels, users };
}

/** A level with which everything can be done that these levels know. */
export function neededLevel({ events, notifications, ...others }: JsonObject): number {
  const listed = [events, notifications].flatMap((map) =>
    isJsonObject(map) ? Object.values(map) : [],
  );
  const defaults = [50];
  const given = [...Object.values(others), ...listed].filter((value) => typeof value === 'number');
  return Math.max(...defaults, ...given);
}

/** Before version 10 a level may be a text. */
function levelOf(value: JsonValue): JsonValue {
  return typeof value === 'string' && /^\s*[+-]?\d{1,15}\s*$/.test(value) ? Number(value) : value;
}

function mapOf(map: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, levelOf(value)]));
}
