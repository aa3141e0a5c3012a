import { DIFFERENCES, FIRST } from './rules.ts';
import type { RoomVersion, RoomVersionRules } from './types.ts';

/**
 * The version that servers should use for new rooms (spec: Room Versions, "Complete list of room versions").
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { DEFAULT_ROOM_VERSION, roomVersion } from '@soma/protocol';
 *
 * assert.equal(roomVersion(DEFAULT_ROOM_VERSION)?.roomId, 'create-event');
 * ```
 */
export const DEFAULT_ROOM_VERSION = '12';

/**
 * The room version of that ID; undefined when the ID is not known.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { roomVersion } from '@soma/protocol';
 *
 * assert.equal(roomVersion('12')?.creatorsHaveInfinitePower, true);
 * assert.equal(roomVersion('13'), undefined);
 * ```
 */
export function roomVersion(id: string): RoomVersion | undefined {
  return VERSIONS.get(id);
}

/**
 * The IDs of all room versions, oldest first, as for `make_join?ver=` and the capabilities.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { supportedRoomVersions } from '@soma/protocol';
 *
 * assert.equal(supportedRoomVersions().length, 12);
 * ```
 */
export function supportedRoomVersions(): string[] {
  return [...VERSIONS.keys()];
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
