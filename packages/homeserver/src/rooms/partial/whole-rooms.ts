import { MatrixError } from '../../errors/matrix-error.ts';
import type { Database } from '../../storage/database.ts';
import { isServerInRoom } from '../graph-store.ts';
import { readIsPartial } from '../partial-room-store.ts';
import { lookAgainMs, waitMsMax } from './limits.ts';

/** For requests that need all of a room, and come while its members are still being learned. */
export class WholeRooms {
  readonly #database: Database;
  readonly #waiting = new Map<number, Set<() => void>>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Resolves when all of the room is known. Throws `503`, where that takes too long for a client to wait. */
  async wait(roomNid: number, timeoutMs = waitMsMax): Promise<void> {
    if (!(await this.isWholeWithin(roomNid, timeoutMs))) throw unableForNow();
  }

  /** Whether all of the room is known, at once or soon. */
  async isWholeWithin(roomNid: number, timeoutMs: number): Promise<boolean> {
    const deadlineMs = performance.now() + timeoutMs;
    while (await this.#isPartial(roomNid)) {
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0) return false;
      await this.#change(roomNid, Math.min(leftMs, lookAgainMs));
    }
    return true;
  }

  /** The room is known as a whole now. */
  completed(roomNid: number): void {
    for (const wake of this.#waiting.get(roomNid) ?? []) wake();
  }

  /** Of a room that nobody here is in any more nothing is learned. */
  async #isPartial(roomNid: number): Promise<boolean> {
    const { reader } = this.#database;
    return (await readIsPartial(reader, roomNid)) && (await isServerInRoom(reader, roomNid));
  }

  #change(roomNid: number, timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(roomNid) ?? new Set();
      this.#waiting.set(roomNid, waiting);
      const done = (): void => {
        clearTimeout(timer);
        waiting.delete(done);
        if (waiting.size === 0) this.#waiting.delete(roomNid);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      waiting.add(done);
    });
  }
}

function unableForNow(): MatrixError {
  return new MatrixError(
    503,
    'ORG.MATRIX.MSC3895_UNABLE_DUE_TO_PARTIAL_STATE',
    'The members of the room are still being learned from another server',
  );
}
