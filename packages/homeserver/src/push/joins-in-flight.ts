import type { RoomHead } from '../rooms/room-head.ts';
import type { Submitted } from '../storage/change.ts';

interface JoinInFlight {
  readonly userNid: number;
  /** The head's newest change when the join was prepared: its own comes later. */
  readonly before: Submitted | undefined;
  isWatched: boolean;
}

/**
 * Local users whose join of one room is not yet known to be committed: the database does not tell that their
 * rules matter in the room.
 */
export class JoinsInFlight {
  readonly #head: RoomHead;
  #joins: JoinInFlight[] = [];

  constructor(head: RoomHead) {
    this.#head = head;
  }

  get isEmpty(): boolean {
    return this.#joins.length === 0;
  }

  add(userNid: number): void {
    this.#joins.push({ userNid, before: this.#head.lastChange, isWatched: false });
  }

  has(userNid: number): boolean {
    return this.#joins.some((join) => join.userNid === userNid);
  }

  userNids(): number[] {
    return this.#joins.map((join) => join.userNid);
  }

  /** Lets go of those that have settled; to be called now and then. */
  settle(): void {
    const { lastChange } = this.#head;
    if (lastChange === undefined) return;
    for (const join of this.#joins) {
      if (join.isWatched || join.before === lastChange) continue;
      join.isWatched = true;
      const remove = (): void => {
        this.#joins = this.#joins.filter((other) => other !== join);
      };
      lastChange.done.then(remove, remove);
    }
  }
}
