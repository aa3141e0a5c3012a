import type { LRUCache } from 'lru-cache';

import { readMembershipsOfUser } from '../membership/membership-store.ts';
import type { MembershipRecord } from '../membership/membership-store.ts';
import { boundedCache } from '../storage/bounded-cache.ts';
import { ChangeKind } from '../storage/change.ts';
import type { Committed } from '../storage/database.ts';
import type { Reader } from '../storage/sql.ts';
import type { Notifier } from '../streams/notifier.ts';
import type { RecentChanges } from '../streams/recent-changes.ts';

/** A user's memberships by room. */
export type Memberships = ReadonlyMap<number, MembershipRecord>;

interface Cached {
  readonly memberships: Memberships;
  /** The newest change in them. */
  readonly newest: number;
}

/** Users whose memberships are kept in memory; each of them is somebody who syncs. */
const USERS_MAX = 10_000;

/** The rooms of the users that sync, kept in memory and dropped by each change of a membership. */
export class UserRooms {
  readonly #recent: RecentChanges;
  readonly #notifier: Notifier;
  readonly #cache: LRUCache<number, Cached>;

  constructor(recent: RecentChanges, notifier: Notifier) {
    this.#recent = recent;
    this.#notifier = notifier;
    this.#cache = boundedCache(USERS_MAX, (_, userNid) => {
      this.#notifier.unfollow(userNid);
      // A long poll of this user would sleep through what happens in the rooms: it looks again, and is back.
      this.#notifier.wakeUser(userNid);
    });
  }

  onCommit(committed: readonly Committed[]): void {
    for (const { change } of committed) {
      for (const { kind, subject } of change.touches ?? []) {
        if (kind === ChangeKind.membership) this.#cache.delete(subject);
      }
    }
  }

  /** The user's memberships in the state that `reader` reads, which is that of `position`. */
  async of(reader: Reader, userNid: number, position: number): Promise<Memberships> {
    const cached = this.#cache.get(userNid);
    if (cached !== undefined && cached.newest <= position) return cached.memberships;
    const records = await readMembershipsOfUser(reader, userNid);
    const memberships = new Map(records.map((record) => [record.roomNid, record]));
    const changedMeanwhile = this.#recent.some(
      position,
      (kind, subject) => kind === ChangeKind.membership && subject === userNid,
    );
    if (changedMeanwhile === false) this.#keep(userNid, memberships);
    return memberships;
  }

  #keep(userNid: number, memberships: Memberships): void {
    let newest = 0;
    const joined: number[] = [];
    for (const { roomNid, membership, position } of memberships.values()) {
      newest = Math.max(newest, position);
      if (membership === 'join') joined.push(roomNid);
    }
    this.#cache.set(userNid, { memberships, newest });
    this.#notifier.follow(userNid, joined);
  }
}
