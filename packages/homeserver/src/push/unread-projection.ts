import type { ReadingProjection } from '../ephemeral/reading-projection.ts';
import { readCounts } from '../membership/membership-store.ts';
import type { EventRow } from '../rooms/event-store.ts';
import type { Projection } from '../rooms/projection.ts';
import type { RoomHead } from '../rooms/room-head.ts';
import type { RoomHeads } from '../rooms/room-heads.ts';
import type { ProjectionOutput } from '../rooms/room-projection.ts';
import type { InternedNames } from '../storage/names-store.ts';
import type { Reader } from '../storage/sql.ts';
import { RoomUnread } from './room-unread.ts';
import type { UnreadContext } from './room-unread.ts';
import type { RuleSet, RuleSets } from './rule-sets.ts';
import { uncountEventStatements } from './unread-store.ts';

const REVIEW_AFTER = 64;

/** Counts what notifies whom, in the change that brings the event. Must come after the {@link ReadingProjection}. */
export class UnreadProjection implements Projection {
  readonly #names: InternedNames;
  readonly #ruleSets: RuleSets;
  readonly #reading: ReadingProjection;
  readonly #serverName: string;
  readonly #reviewAfter: number;
  readonly #ignoring: UnreadContext['ignoring'];
  /** The rooms whose heads are in memory; a head that is let go takes its entry along. */
  readonly #rooms = new Map<number, WeakRef<RoomUnread>>();
  readonly #collected = new FinalizationRegistry<number>((roomNid) => {
    if (this.#rooms.get(roomNid)?.deref() === undefined) this.#rooms.delete(roomNid);
  });

  constructor(
    names: InternedNames,
    ruleSets: RuleSets,
    reading: ReadingProjection,
    serverName: string,
    reviewAfter = REVIEW_AFTER,
    ignoring: UnreadContext['ignoring'] = () => undefined,
  ) {
    this.#names = names;
    this.#ruleSets = ruleSets;
    this.#reading = reading;
    this.#serverName = serverName;
    this.#reviewAfter = reviewAfter;
    this.#ignoring = ignoring;
  }

  async open(reader: Reader, head: RoomHead): Promise<RoomUnread> {
    const { joined } = await readCounts(reader, head.roomNid);
    const context = {
      reader,
      names: this.#names,
      ruleSets: this.#ruleSets,
      reading: this.#reading,
      serverName: this.#serverName,
      reviewAfter: this.#reviewAfter,
      ignoring: this.#ignoring,
    };
    const room = new RoomUnread(context, head, joined);
    // Known before it reads, so that a change of rules meanwhile reaches it.
    this.#rooms.set(head.roomNid, new WeakRef(room));
    this.#collected.register(room, head.roomNid);
    await room.load();
    return room;
  }

  withdraw(event: EventRow, { statements }: ProjectionOutput): void {
    const { room_nid: roomNid, event_nid: eventNid, event_order: position } = event;
    if (position !== null) statements.push(...uncountEventStatements(roomNid, eventNid, position));
  }

  /** Rooms that a user is about to be in, as far as the database does not know yet. */
  roomsBeingJoined(userNid: number): number[] {
    const roomNids: number[] = [];
    for (const [roomNid, ref] of this.#rooms) {
      if (ref.deref()?.joins.has(userNid) === true) roomNids.push(roomNid);
    }
    return roomNids;
  }

  /**
   * Has the room, if it is in memory, evaluate these rule sets as well. Resolves when every event that was
   * evaluated without them has been submitted.
   */
  async include(heads: RoomHeads, roomNid: number, ruleSets: readonly RuleSet[]): Promise<void> {
    if (this.#rooms.get(roomNid)?.deref() === undefined) return;
    await heads.run(roomNid, async () => {
      this.#rooms.get(roomNid)?.deref()?.include(ruleSets);
    });
  }
}
