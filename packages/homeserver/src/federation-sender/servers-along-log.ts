import { boundedCache } from '../storage/bounded-cache.ts';
import { readAt } from '../storage/database.ts';
import type { Database } from '../storage/database.ts';
import type { Reader } from '../storage/sql.ts';
import { memberChangesMax, roomsRememberedMax } from './limits.ts';
import {
  countServers,
  readMemberChanges,
  readServersOfPartialRoom,
} from './servers-along-log-store.ts';
import type { MemberChange } from './servers-along-log-store.ts';

/** How many joined members each server has in a room, and the position at which that is so. */
interface Entry {
  readonly counts: Map<string, number>;
  position: number;
}

/** A stretch of the log, and the position of the state that is read. */
export interface Stretch {
  readonly above: number;
  readonly upTo: number;
  readonly now: number;
}

/**
 * Which servers are in which rooms, this one included: counted once from the members, then kept by their changes, so
 * that what a message costs does not grow with the members.
 */
export class ServersAlongLog {
  readonly #database: Database;
  readonly #serverName: string;
  readonly #entries = boundedCache<number, Entry>(roomsRememberedMax);

  constructor(database: Database, serverName: string) {
    this.#database = database;
    this.#serverName = serverName;
  }

  /** The other servers in the room, as far as the log has been followed. */
  async othersIn(roomNid: number): Promise<string[]> {
    const { counts } = await this.#entry(roomNid);
    return [...counts.keys()].filter((name) => name !== this.#serverName);
  }

  async has(roomNid: number, serverName: string): Promise<boolean> {
    return (await this.#entry(roomNid)).counts.has(serverName);
  }

  /** Those at the position `now`, for who reads within a transaction, however far the log has been followed. */
  async othersAt(reader: Reader, roomNid: number, now: number): Promise<string[]> {
    const known = this.#entries.get(roomNid);
    const counts =
      known === undefined
        ? (await this.#load(reader, roomNid, now)).counts
        : await this.#countsAt(reader, roomNid, known, now);
    return [...counts.keys()].filter((name) => name !== this.#serverName);
  }

  /** The entry stays where it is: who walks along the log goes on from there. */
  async #countsAt(
    reader: Reader,
    roomNid: number,
    { counts, position }: Entry,
    now: number,
  ): Promise<ReadonlyMap<string, number>> {
    if (position >= now) return counts;
    const entry = { counts: new Map(counts), position };
    const changes = await readMemberChanges(reader, roomNid, position, now, memberChangesMax);
    if (changes === undefined || this.#entersAgain(entry, changes)) {
      return countServers(reader, roomNid);
    }
    moveTo(entry, now, changes);
    return entry.counts;
  }

  /** Goes along a stretch of the log; `finish` must be called at its end. */
  async walk(reader: Reader, roomNid: number, stretch: Stretch): Promise<RoomWalk> {
    const { above, upTo, now } = stretch;
    const known = this.#entries.get(roomNid);
    const from = Math.min(above, known?.position ?? above);
    const changes = await readMemberChanges(reader, roomNid, from, now, memberChangesMax);
    if (changes === undefined) return this.#walkAnew(reader, roomNid, stretch, []);
    const entry = known ?? (await this.#load(reader, roomNid, now));
    // Else it was counted further on, maybe for somebody who was ahead of this walk.
    const isFollowed = known !== undefined && known.position <= above;
    moveTo(entry, above, changes);
    const ahead = changes.filter(({ position }) => position > above && position <= upTo);
    // What a room looks like that this server comes back to need not stand in the log.
    if (isFollowed && this.#entersAgain(entry, ahead)) {
      return this.#walkAnew(reader, roomNid, stretch, changes);
    }
    return new RoomWalk(entry, ahead, upTo, this.#serverName);
  }

  /** Takes the servers at the end of the stretch for all of it. */
  async #walkAnew(
    reader: Reader,
    roomNid: number,
    { upTo, now }: Stretch,
    changes: readonly MemberChange[],
  ): Promise<RoomWalk> {
    const entry = await this.#load(reader, roomNid, now);
    moveTo(entry, upTo, changes);
    return new RoomWalk(entry, [], upTo, this.#serverName);
  }

  #entersAgain({ counts }: Entry, ahead: readonly MemberChange[]): boolean {
    let own = counts.get(this.#serverName) ?? 0;
    for (const { serverName, difference } of ahead) {
      if (serverName !== this.#serverName) continue;
      if (own === 0 && difference > 0) return true;
      own += difference;
    }
    return false;
  }

  async #entry(roomNid: number): Promise<Entry> {
    const known = this.#entries.get(roomNid);
    return known ?? readAt(this.#database, (reader, now) => this.#load(reader, roomNid, now));
  }

  async #load(reader: Reader, roomNid: number, now: number): Promise<Entry> {
    const counts = await countServers(reader, roomNid);
    const named = await readServersOfPartialRoom(reader, roomNid);
    for (const name of named ?? []) if (!counts.has(name)) counts.set(name, 1);
    const entry = { counts, position: now };
    // Of a room in part, not even the servers are certain: they are read again each time.
    if (named === undefined) this.#entries.set(roomNid, entry);
    return entry;
  }
}

/** Who came to a room on the way along the log. */
export interface Arrivals {
  /** Other servers that had nobody there before, and are there at the end of the way. */
  readonly servers: ReadonlySet<string>;
  /** Users of this server. */
  readonly userIds: ReadonlySet<string>;
}

/** The other servers around an event. */
export interface OthersAround {
  /** Those that were in the room before or after it. */
  readonly servers: ReadonlySet<string>;
  /** Whom of theirs it took out of the room. */
  readonly gone: readonly MemberChange[];
}

/** A room's servers from event to event. */
export class RoomWalk {
  readonly #entry: Entry;
  readonly #ahead: readonly MemberChange[];
  readonly #upTo: number;
  readonly #serverName: string;
  readonly #servers = new Set<string>();
  readonly #userIds = new Set<string>();
  #index = 0;
  #others: ReadonlySet<string> | undefined;

  constructor(entry: Entry, ahead: readonly MemberChange[], upTo: number, serverName: string) {
    this.#entry = entry;
    this.#ahead = ahead;
    this.#upTo = upTo;
    this.#serverName = serverName;
  }

  /** No other server is in the room anywhere on the way. */
  get isAlone(): boolean {
    return this.#ahead.length === 0 && this.#withoutOwn().size === 0;
  }

  /** Ask in ascending order of the events. */
  othersAround(order: number): OthersAround {
    this.#applyUpTo(order - 1);
    const before = (this.#others ??= this.#withoutOwn());
    const changes = this.#applyUpTo(order);
    if (changes.length === 0) return { servers: before, gone: [] };
    const others = (this.#others = this.#withoutOwn());
    const servers = new Set([...before, ...others]);
    for (const { serverName, isTurnedAway } of changes) {
      if (isTurnedAway && serverName !== this.#serverName) servers.add(serverName);
    }
    const gone = changes.filter(
      ({ serverName, difference }) => difference < 0 && serverName !== this.#serverName,
    );
    return { servers, gone };
  }

  /** Goes to the end of the way. */
  finish(): Arrivals {
    this.#applyUpTo(this.#upTo);
    const { counts } = this.#entry;
    const servers = [...this.#servers].filter((name) => counts.has(name));
    return { servers: new Set(servers), userIds: this.#userIds };
  }

  #applyUpTo(position: number): readonly MemberChange[] {
    const first = this.#index;
    for (; (this.#ahead[this.#index]?.position ?? Infinity) <= position; this.#index += 1) {
      const change = this.#ahead[this.#index];
      if (change === undefined) continue;
      if (change.difference > 0) this.#noteArrival(change);
      apply(this.#entry.counts, change, 1);
    }
    // Others look at the entry while this one is on the way.
    this.#entry.position = Math.max(this.#entry.position, Math.min(position, this.#upTo));
    if (this.#index > first) this.#others = undefined;
    return this.#ahead.slice(first, this.#index);
  }

  #noteArrival({ serverName, userId }: MemberChange): void {
    if (serverName === this.#serverName) this.#userIds.add(userId);
    else if (!this.#entry.counts.has(serverName)) this.#servers.add(serverName);
  }

  #withoutOwn(): ReadonlySet<string> {
    const others = new Set(this.#entry.counts.keys());
    others.delete(this.#serverName);
    return others;
  }
}

/** Moves an entry along the changes, in either direction. */
function moveTo(entry: Entry, position: number, changes: readonly MemberChange[]): void {
  const [low, high] = [Math.min(position, entry.position), Math.max(position, entry.position)];
  const sign = position > entry.position ? 1 : -1;
  for (const change of changes) {
    if (change.position > low && change.position <= high) apply(entry.counts, change, sign);
  }
  for (const [name, count] of entry.counts) if (count <= 0) entry.counts.delete(name);
  entry.position = position;
}

/** Leaves a server out once it has no member left. */
function apply(counts: Map<string, number>, change: MemberChange, sign: 1 | -1): void {
  const { serverName, difference } = change;
  const count = (counts.get(serverName) ?? 0) + sign * difference;
  if (count === 0) counts.delete(serverName);
  else counts.set(serverName, count);
}
