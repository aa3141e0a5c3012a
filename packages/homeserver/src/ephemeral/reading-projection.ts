import type { ImportedState, ProjectImport } from '../rooms/imported-state.ts';
import type { PreparedEvent } from '../rooms/prepared-event.ts';
import type { Projection } from '../rooms/projection.ts';
import type { RoomHead } from '../rooms/room-head.ts';
import type { Reader } from '../storage/sql.ts';
import { waitingReceiptsMax } from './limits.ts';
import { moveReadPositionStatements } from './read-position-store.ts';
import { readWaitingReceipts } from './receipt-store.ts';
import { RoomReading } from './room-reading.ts';
import type { LeaveListener } from './room-reading.ts';
import { UNTHREADED } from './thread.ts';
import type { ThreadPlace } from './thread.ts';

/**
 * Follows how far users have read: finds the thread of each event, moves the read position of its sender, and
 * applies receipts that waited for it.
 */
export class ReadingProjection implements Projection {
  readonly #serverName: string;
  readonly #onLeave: LeaveListener;
  readonly #rooms = new WeakMap<RoomHead, RoomReading>();

  constructor(serverName: string, onLeave: LeaveListener) {
    this.#serverName = serverName;
    this.#onLeave = onLeave;
  }

  async open(reader: Reader, head: RoomHead): Promise<RoomReading> {
    const waiting = await readWaitingReceipts(reader, head.roomNid, waitingReceiptsMax);
    const room = new RoomReading(reader, head.roomNid, this.#serverName, this.#onLeave, waiting);
    this.#rooms.set(head, room);
    return room;
  }

  /** Who joins has nothing to read from before. */
  async import({ roomNid, joined }: ImportedState): Promise<ProjectImport> {
    return (position, { statements }) => {
      if (joined === undefined) return;
      const { userNid } = joined;
      statements.push(...moveReadPositionStatements(userNid, roomNid, UNTHREADED, position));
    };
  }

  /** The view of a head that is open. */
  of(head: RoomHead): RoomReading {
    const room = this.#rooms.get(head);
    if (room === undefined) throw new Error(`the reading of ${head.roomId} is not open`);
    return room;
  }

  /** The thread of the event that the room's projections are preparing or projecting. */
  threadOf(head: RoomHead, event: PreparedEvent): ThreadPlace {
    return this.of(head).threadOf(event);
  }
}
