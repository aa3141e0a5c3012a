import { readAliasesOfRoom } from '../directory/alias-store.ts';
import { readJoinedRooms, readLocalMembers } from '../membership/membership-store.ts';
import type { EventRow } from '../rooms/event-store.ts';
import { boundedCache } from '../storage/bounded-cache.ts';
import type { InternedNames } from '../storage/names-store.ts';
import type { Reader } from '../storage/sql.ts';
import type { ApplicationService } from './application-service.ts';
import { roomsLookedAtMax } from './limits.ts';

const ROOMS_CACHED = 20_000;

/** Which rooms and events an application service is interested in (Application Service API, "Registration"). */
export class RoomInterest {
  readonly #service: ApplicationService;
  readonly #names: InternedNames;
  /** Whether the service has a user in the room, as of the last state events that were looked at. */
  readonly #hasMember = boundedCache<number, boolean>(ROOMS_CACHED);

  constructor(service: ApplicationService, names: InternedNames) {
    this.#service = service;
    this.#names = names;
  }

  /** Whether everything in the room is of interest. */
  async isInRoom(reader: Reader, roomNid: number): Promise<boolean> {
    if (this.#service.hasRoom(await this.#names.rooms.text(roomNid))) return true;
    if (this.#service.config.aliases.length > 0) {
      const aliases = await readAliasesOfRoom(reader, roomNid);
      if (aliases.some((alias) => this.#service.hasAlias(alias))) return true;
    }
    const known = this.#hasMember.get(roomNid) ?? (await this.#readHasMember(reader, roomNid));
    this.#hasMember.set(roomNid, known);
    return known;
  }

  /** Whether the service sees what the user does: it is one of its own, or in a room of interest. */
  async isOfUser(reader: Reader, userNid: number): Promise<boolean> {
    if (this.#service.hasUser(await this.#names.users.text(userNid))) return true;
    const rooms = await readJoinedRooms(reader, userNid);
    for (const roomNid of rooms.slice(0, roomsLookedAtMax)) {
      if (await this.isInRoom(reader, roomNid)) return true;
    }
    return false;
  }

  /** Those of a room's next events, oldest first, that are of interest. */
  async select(
    reader: Reader,
    roomNid: number,
    rows: readonly EventRow[],
  ): Promise<readonly EventRow[]> {
    const targets = await Promise.all(rows.map((row) => this.#targetOf(row)));
    // Any state may put members out of the room or back into it, where it is resolved with other state.
    if (rows.some((row) => row.state_key_nid !== null)) this.#hasMember.delete(roomNid);
    if (await this.isInRoom(reader, roomNid)) return rows;
    const isOwn = targets.map((target) => target !== undefined && this.#service.hasUser(target));
    // Up to where its last user left, the service was there.
    const left = rows.findLastIndex((row, index) => isOwn[index] === true && isLeave(row));
    const selected: EventRow[] = [];
    for (const [index, row] of rows.entries()) {
      const bySender = this.#service.hasUser(await this.#names.users.text(row.sender_nid));
      if (index <= left || isOwn[index] === true || bySender) selected.push(row);
    }
    return selected;
  }

  async #readHasMember(reader: Reader, roomNid: number): Promise<boolean> {
    for (const userNid of await readLocalMembers(reader, roomNid)) {
      if (this.#service.hasUser(await this.#names.users.text(userNid))) return true;
    }
    return false;
  }

  /** Whose membership the event is. */
  async #targetOf({ state_key_nid: nid }: EventRow): Promise<string | undefined> {
    if (nid === null) return undefined;
    const { type, stateKey } = await this.#names.stateKeys.pair(nid);
    return type === 'm.room.member' ? stateKey : undefined;
  }
}

function isLeave({ json }: EventRow): boolean {
  const { content }: { content?: { membership?: unknown } } = JSON.parse(json);
  return content?.membership === 'leave' || content?.membership === 'ban';
}
