import { isJsonObject } from '../canonical-json.ts';
import type { JsonObject, JsonValue } from '../canonical-json.ts';
import type { RoomVersion } from '../room-versions/types.ts';

/** The properties of `m.room.power_levels` that hold one level. */
export const SINGLE_LEVELS = [
  'users_default',
  'events_default',
  'state_default',
  'ban',
  'redact',
  'kick',
  'invite',
] as const;

const INTEGER_TEXT = /^\s*[+-]?[0-9]+\s*$/;

/**
 * Reads a power level as the room version allows: an integer, up to version 9 also a string that holds one, up to
 * version 5 also a float, which is truncated. Undefined for everything else, and beyond the range of a double.
 */
export function parseLevel(
  value: JsonValue | undefined,
  { powerLevels }: RoomVersion,
): number | undefined {
  if (typeof value === 'number') {
    if (Number.isInteger(value)) return value;
    return powerLevels === 'floats' && Number.isFinite(value) ? Math.trunc(value) : undefined;
  }
  if (typeof value !== 'string' || powerLevels === 'integers') return undefined;
  const level = INTEGER_TEXT.test(value) ? Number(value) : Infinity;
  return Number.isFinite(level) ? level : undefined;
}

/** The entry of an object's own property that is an object; an empty object when there is none. */
export function levelMap(content: JsonObject, name: string): JsonObject {
  const map = Object.hasOwn(content, name) ? content[name] : undefined;
  return isJsonObject(map) ? map : {};
}
