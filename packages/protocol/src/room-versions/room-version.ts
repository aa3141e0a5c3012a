import { DIFFERENCES, FIRST } from './rules.ts';
import type { RoomVersion, RoomVersionRules } from './types.ts';

/** The version that servers should use for new rooms (spec: Room Versions, "Complete list of room versions"). */
export const DEFAULT_ROOM_VERSION = '12';

/**
 * The room version of that ID; undefined when the ID is not known.
 * A version may be known but not `supported`: versions 1 and 2 are data only.
 */
export function roomVersion(id: string): RoomVersion | undefined {
  return VERSIONS.get(id);
}

/** The IDs of all supported room versions, oldest first, as for `make_join?ver=` and the capabilities. */
export function supportedRoomVersions(): string[] {
  return [...VERSIONS.values()].filter(({ supported }) => supported).map(({ id }) => id);
}

const VERSIONS = assemble();

function assemble(): ReadonlyMap<string, RoomVersion> {
  let rules: RoomVersionRules = FIRST;
  const versions = new Map<string, RoomVersion>([['1', { id: '1', ...rules }]]);
  for (const [id, changes] of DIFFERENCES) {
    rules = { ...rules, ...changes };
    versions.set(id, { id, ...rules });
  }
  return versions;
}
