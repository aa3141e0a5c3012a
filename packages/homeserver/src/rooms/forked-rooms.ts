import type { RoomHead } from './room-head.ts';

/** Told how many ends a room has, when that is committed. */
export type ForkListener = (roomNid: number, ends: number) => void;

/** Tells of the rooms whose history has several ends. */
export class ForkedRooms {
  #listener: ForkListener | undefined;

  listen(listener: ForkListener): void {
    this.#listener = listener;
  }

  /** A change of the room is committed. */
  committed({ roomNid, extremities, partial }: RoomHead): void {
    // The ends of a room that is known in part are decided once it is known as a whole.
    if (extremities.length > 1 && partial === undefined) {
      this.#listener?.(roomNid, extremities.length);
    }
  }
}
