import { roomVersion } from '@soma/protocol';
import type { RoomVersion } from '@soma/protocol';

import type { Reader } from '../storage/sql.ts';
import { readRoomVersion } from './state-store.ts';

/** Rooms' versions; they never change, so what was read stays true. */
export class RoomVersions {
  readonly #versions = new Map<number, RoomVersion>();

  /** Undefined for a room that this server has no state of. */
  async of(reader: Reader, roomNid: number): Promise<RoomVersion | undefined> {
    const known = this.#versions.get(roomNid);
    if (known !== undefined) return known;
    const id = await readRoomVersion(reader, roomNid);
    const version = id === undefined ? undefined : roomVersion(id);
    if (version !== undefined) this.#versions.set(roomNid, version);
    return version;
  }
}
