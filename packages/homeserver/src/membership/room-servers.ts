import { LRUCache } from 'lru-cache';

import { parseUserId, serverNameOf } from '@soma/protocol';

import type { Database } from '../storage/database.ts';
import { Turns } from '../streams/turns.ts';
import type { Membership } from './membership-store.ts';
import { readMemberChanges } from './server-members-store.ts';

/** Members that are kept in memory over all rooms, about 100 bytes each. */
const MEMBERS_MAX = 500_000;

/** A user of a server, as the room has it. */
export interface ServerUser {
  readonly userId: string;
  readonly membership: Membership;
  readonly position: number;
}

/** Which servers a room has users of, by the memberships as they are now. */
export class ServersOfRoom {
  readonly #users = new Map<string, Map<number, ServerUser>>();
  readonly #joined = new Map<string, number>();
  /** Up to which position everything is known. */
  position = -1;
  size = 1;

  isJoined(serverName: string): boolean {
    return (this.#joined.get(serverName) ?? 0) > 0;
  }

  /** Everybody of that server whom the room has a membership of: nid → user. */
  usersOf(serverName: string): ReadonlyMap<number, ServerUser> {
    return this.#users.get(serverName) ?? NOBODY;
  }

  /** The servers that have joined users. */
  joined(): string[] {
    return [...this.#joined].filter(([, count]) => count > 0).map(([serverName]) => serverName);
  }

  /** The same, those first whose users have been joined for the longest. */
  joinedByAge(): string[] {
    const since = new Map<string, number>();
    for (const [serverName, users] of this.#users) {
      for (const { membership, position } of users.values()) {
        if (membership !== 'join') continue;
        since.set(serverName, Math.min(position, since.get(serverName) ?? position));
      }
    }
    return [...since].toSorted((one, other) => one[1] - other[1]).map(([serverName]) => serverName);
  }

  put(userNid: number, user: ServerUser): void {
    const parsed = parseUserId(user.userId);
    if (parsed === undefined) return;
    const serverName = serverNameOf(parsed);
    let users = this.#users.get(serverName);
    if (users === undefined) {
      users = new Map();
      this.#users.set(serverName, users);
    }
    const before = users.get(userNid);
    if (before !== undefined && before.position >= user.position) return;
    users.set(userNid, user);
    if (before === undefined) this.size += 1;
    const change = Number(user.membership === 'join') - Number(before?.membership === 'join');
    this.#joined.set(serverName, (this.#joined.get(serverName) ?? 0) + change);
  }
}

const NOBODY: ReadonlyMap<number, ServerUser> = new Map();

/** The servers of rooms; what has changed since a room was asked about is read again from the memberships. */
export class RoomServers {
  readonly #database: Database;
  readonly #rooms = new LRUCache<number, ServersOfRoom>({
    maxSize: MEMBERS_MAX,
    sizeCalculation: ({ size }) => size,
  });
  readonly #running = new Map<number, Promise<ServersOfRoom>>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** As of now, or a little later. */
  async of(roomNid: number): Promise<ServersOfRoom> {
    const wanted = this.#database.position;
    for (;;) {
      const known = this.#rooms.get(roomNid);
      if (known !== undefined && known.position >= wanted) return known;
      const running = this.#running.get(roomNid);
      if (running === undefined) return this.#follow(roomNid, known ?? new ServersOfRoom());
      const read = await running;
      if (read.position >= wanted) return read;
    }
  }

  #follow(roomNid: number, room: ServersOfRoom): Promise<ServersOfRoom> {
    const reading = this.#read(roomNid, room).finally(() => this.#running.delete(roomNid));
    this.#running.set(roomNid, reading);
    return reading;
  }

  async #read(roomNid: number, room: ServersOfRoom): Promise<ServersOfRoom> {
    const { position, reader } = this.#database;
    const turns = new Turns();
    for await (const changes of readMemberChanges(reader, roomNid, room.position)) {
      for (const { userNid, ...user } of changes) room.put(userNid, user);
      await turns.next();
    }
    room.position = position;
    this.#rooms.set(roomNid, room);
    return room;
  }
}
