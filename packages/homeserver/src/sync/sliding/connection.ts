import { randomBytes } from 'node:crypto';

import { LRUCache } from 'lru-cache';

import { MatrixError } from '../../errors/matrix-error.ts';
import type { Membership } from '../../membership/membership-store.ts';
import type { UnreadCount } from '../sync-context.ts';
import type { RoomConfig } from './room-config.ts';

/** What a client knows of one room. */
export interface SentRoom {
  /** Everything up to this position. */
  readonly upTo: number;
  readonly membership: Membership;
  /** What it was told by: the longest timeline, and the state that it has and follows. */
  readonly config: RoomConfig;
  readonly bumpStamp: number;
  readonly unread: UnreadCount;
  /** Member events that it was told because the timeline spoke of them, by their state key. */
  readonly lazyMembers: ReadonlySet<number>;
}

/** What a client knows by one of its positions. */
export interface Known {
  /** The position of the log; undefined for a client that begins. */
  readonly since: number | undefined;
  /** The counter of typing. */
  readonly typing: number | undefined;
  /** Counts of the lists, so that a change of them is told. */
  readonly lists: string;
  room(roomNid: number): SentRoom | undefined;
  /** Up to where receipts of the room were told. */
  receipts(roomNid: number): number | undefined;
  /** Whether all changes of the room's account data were told. */
  hasAccountData(roomNid: number): boolean;
}

/** What one answer adds to what the client knows. */
export interface Told {
  readonly since: number;
  readonly typing: number;
  readonly lists: string;
  readonly rooms: ReadonlyMap<number, SentRoom>;
  readonly receipts: ReadonlyMap<number, number>;
  /** False where a change was left out, since the room was not asked for. */
  readonly accountData: ReadonlyMap<number, boolean>;
}

/** Answers of which the client may have any, and has confirmed none: those before were lost or given up. */
const PENDING_MAX = 4;

/** One connection of a device (MSC4186): what was told and confirmed, and what was told since. */
export class Connection {
  /** Part of its positions, so that one of another connection is never taken for one of this. */
  readonly #name = randomBytes(6).toString('hex');
  readonly #rooms = new Map<number, SentRoom>();
  readonly #receipts = new Map<number, number>();
  readonly #accountData = new Set<number>();
  #known: Pick<Known, 'since' | 'typing' | 'lists'> = NOTHING;
  #confirmed = 0;
  #last = 0;
  #lazyMembers = 0;
  readonly #pending = new Map<number, Told>();

  /** What it weighs among the others, in remembered things. */
  get size(): number {
    let size = 1 + this.#rooms.size + this.#receipts.size + this.#accountData.size;
    for (const { rooms, receipts } of this.#pending.values()) size += rooms.size + receipts.size;
    return size + this.#lazyMembers;
  }

  /** What the client of this `pos` knows; it confirms that answer. Throws `400 M_UNKNOWN_POS`. */
  at(pos: string | undefined): Known {
    const number = this.#numberOf(pos);
    const told = this.#pending.get(number);
    if (told !== undefined) this.#confirm(number, told);
    else if (number !== this.#confirmed) throw unknownPos();
    const { since, typing, lists } = this.#known;
    return {
      since,
      typing,
      lists,
      room: (roomNid) => this.#rooms.get(roomNid),
      receipts: (roomNid) => this.#receipts.get(roomNid),
      hasAccountData: (roomNid) => this.#accountData.has(roomNid),
    };
  }

  /** Remembers an answer to the client of this `pos`, and gives the next one. */
  tell(pos: string | undefined, told: Told): string {
    if (this.#numberOf(pos) !== this.#confirmed) throw unknownPos();
    this.#last += 1;
    this.#pending.set(this.#last, told);
    for (const number of this.#pending.keys()) {
      if (number <= this.#last - PENDING_MAX) this.#pending.delete(number);
    }
    return `${this.#name}_${this.#last}`;
  }

  #numberOf(pos: string | undefined): number {
    if (pos === undefined) return 0;
    const [name, number] = pos.split('_');
    if (name !== this.#name) throw unknownPos();
    return Number(number);
  }

  #confirm(number: number, { since, typing, lists, rooms, receipts, accountData }: Told): void {
    this.#confirmed = number;
    this.#pending.clear();
    this.#known = { since, typing, lists };
    for (const [roomNid, room] of rooms) {
      this.#lazyMembers +=
        room.lazyMembers.size - (this.#rooms.get(roomNid)?.lazyMembers.size ?? 0);
      this.#rooms.set(roomNid, room);
    }
    for (const [roomNid, upTo] of receipts) this.#receipts.set(roomNid, upTo);
    for (const [roomNid, isWhole] of accountData) {
      if (isWhole) this.#accountData.add(roomNid);
      else this.#accountData.delete(roomNid);
    }
  }
}

const NOTHING = { since: undefined, typing: undefined, lists: '' };

/** Remembered things of all connections together. */
const SIZE_MAX = 4_000_000;

/** The connections of all devices, in memory: a client of one that is gone begins anew. */
export class Connections {
  readonly #connections = new LRUCache<string, Connection>({
    maxSize: SIZE_MAX,
    sizeCalculation: ({ size }) => size,
  });

  /** A fresh one in place of what there was. */
  begin(key: string): Connection {
    const connection = new Connection();
    this.keep(key, connection);
    return connection;
  }

  /** The one that there is. Throws `400 M_UNKNOWN_POS`. */
  find(key: string): Connection {
    const connection = this.#connections.get(key);
    if (connection === undefined) throw unknownPos();
    return connection;
  }

  /** Weighs a connection anew, unless another took its place. */
  weigh(key: string, connection: Connection): void {
    if (this.#connections.peek(key) === connection) this.keep(key, connection);
  }

  keep(key: string, connection: Connection): void {
    // The cache weighs an entry again only when it is not the same.
    this.#connections.delete(key);
    this.#connections.set(key, connection);
  }
}

function unknownPos(): MatrixError {
  return new MatrixError(400, 'M_UNKNOWN_POS', 'This position is not known any more: begin anew');
}
