import { LRUCache } from 'lru-cache';

import { ChangeKind } from '../../storage/change.ts';
import type { Reader } from '../../storage/sql.ts';
import type { RecentChanges } from '../../streams/recent-changes.ts';
import {
  readListedRooms,
  readListedRoomsChanged,
  readListedRoomsIn,
} from './room-listing-store.ts';
import type { ListedRoom } from './room-listing-store.ts';

/** Rooms in memory, of all users together; about 200 bytes each. */
const ROOMS_MAX = 1_000_000;

/** A user's rooms, the one with the newest bump first, as they are at one position. */
export class RoomList {
  readonly #rooms: Map<number, ListedRoom>;
  #ordered: readonly ListedRoom[];
  #isJoinedToAll: boolean;
  #position: number;
  readonly #readAt: number;
  /** When something last happened in a room; of the others only that it was not after the list was read. */
  readonly #touched = new Map<number, number>();

  constructor(rooms: readonly ListedRoom[], position: number) {
    this.#rooms = byNid(rooms);
    this.#ordered = rooms.toSorted(newestBumpFirst);
    this.#isJoinedToAll = this.#ordered.every(isJoined);
    this.#position = position;
    this.#readAt = position;
  }

  get position(): number {
    return this.#position;
  }

  get ordered(): readonly ListedRoom[] {
    return this.#ordered;
  }

  /** Whether the user is in each of the rooms, and only that. */
  get isJoinedToAll(): boolean {
    return this.#isJoinedToAll;
  }

  get(roomNid: number): ListedRoom | undefined {
    return this.#rooms.get(roomNid);
  }

  /** Nothing happened in the room after this position. */
  touchedAt(roomNid: number): number {
    return this.#touched.get(roomNid) ?? this.#readAt;
  }

  /** Takes what was read at a later position: the rooms that changed, and those in which something happened. */
  moveTo(position: number, changed: readonly ListedRoom[], touched: Iterable<number>): void {
    for (const roomNid of touched) this.#touched.set(roomNid, position);
    this.#position = position;
    if (changed.length === 0) return;
    const fresh = byNid(changed);
    const kept = this.#ordered.filter(({ roomNid }) => !fresh.has(roomNid));
    for (const [roomNid, room] of fresh) this.#rooms.set(roomNid, room);
    // Both parts are in order or nearly so, which the sort is quick with.
    this.#ordered = [...fresh.values(), ...kept].toSorted(newestBumpFirst);
    this.#isJoinedToAll = this.#ordered.every(isJoined);
  }
}

/** The lists of the users that sync, kept in memory and led on by the log of changes. */
export class RoomLists {
  readonly #recent: RecentChanges;
  readonly #lists = new LRUCache<number, RoomList>({
    maxSize: ROOMS_MAX,
    sizeCalculation: ({ ordered }) => ordered.length + 1,
  });

  constructor(recent: RecentChanges) {
    this.#recent = recent;
  }

  /** The user's list in the state that `reader` reads, which is that of `position`. */
  async of(reader: Reader, userNid: number, position: number): Promise<RoomList> {
    const known = this.#lists.get(userNid);
    if (known?.position === position) return known;
    if (known !== undefined && known.position < position) {
      const led = await this.#leadOn(known, reader, userNid, position);
      if (led !== undefined) return led;
    }
    const list = new RoomList(await readListedRooms(reader, userNid), position);
    const kept = this.#lists.get(userNid);
    if (kept === undefined || kept.position <= position) this.#lists.set(userNid, list);
    return list;
  }

  /** Undefined where the log no longer reaches back, or somebody else led the list on meanwhile. */
  async #leadOn(
    list: RoomList,
    reader: Reader,
    userNid: number,
    position: number,
  ): Promise<RoomList | undefined> {
    const from = list.position;
    const touched = new Set<number>();
    const bumped = new Set<number>();
    let hasMoved = false;
    const complete = this.#recent.some(from, (kind, subject) => {
      if (kind === ChangeKind.membership) hasMoved ||= subject === userNid;
      const isOfRoom = kind === ChangeKind.room || kind === ChangeKind.receipt;
      if (isOfRoom && list.get(subject) !== undefined) touched.add(subject);
      if (kind === ChangeKind.room && list.get(subject) !== undefined) bumped.add(subject);
      return false;
    });
    if (complete === undefined) return undefined;
    const changed = [
      ...(bumped.size === 0 ? [] : await readListedRoomsIn(reader, userNid, bumped)),
      ...(hasMoved ? await readListedRoomsChanged(reader, userNid, from) : []),
    ];
    if (list.position !== from) return list.position === position ? list : undefined;
    if (hasMoved)
      for (const { roomNid, position: at } of changed) if (at > from) touched.add(roomNid);
    list.moveTo(position, changed, touched);
    return list;
  }
}

function isJoined({ membership }: ListedRoom): boolean {
  return membership === 'join';
}

function byNid(rooms: readonly ListedRoom[]): Map<number, ListedRoom> {
  return new Map(rooms.map((room) => [room.roomNid, room]));
}

function newestBumpFirst(one: ListedRoom, other: ListedRoom): number {
  return other.bumpStamp - one.bumpStamp || other.roomNid - one.roomNid;
}
