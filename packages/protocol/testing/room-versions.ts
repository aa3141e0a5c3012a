import { roomVersion } from '../src/room-versions/room-version.ts';
import type { RoomVersion } from '../src/room-versions/types.ts';

/** The room version of an ID that is known to exist. */
export function knownVersion(id: string): RoomVersion {
  const version = roomVersion(id);
  if (version === undefined) throw new Error(`no room version ${id}`);
  return version;
}
