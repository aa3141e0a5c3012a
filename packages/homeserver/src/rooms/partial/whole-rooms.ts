import { MatrixError } from '../../errors/matrix-error.ts';
import type { Database } from '../../storage/database.ts';
import { Waits } from '../../streams/waits.ts';
import { isServerInRoom } from '../graph-store.ts';
import { readIsPartial } from '../partial-room-store.ts';
import { lookAgainMs, waitMsMax } from './limits.ts';

/** For requests that need all of a room, and come while its members are still being learned. */
export class WholeRooms {
  readonly #database: Database;
  readonly #waits = new Waits<number>();

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
      await this.#waits.wait(roomNid, Math.min(leftMs, lookAgainMs));
    }
    return true;
  }

  /** The room is known as a whole now. */
  completed(roomNid: number): void {
    this.#waits.tell(roomNid);
  }

  /** Of a room that nobody here is in any more nothing is learned. */
  async #isPartial(roomNid: number): Promise<boolean> {
    const { reader } = this.#database;
    return (await readIsPartial(reader, roomNid)) && (await isServerInRoom(reader, roomNid));
  }
}

function unableForNow(): MatrixError {
  return new MatrixError(
    503,
    'ORG.MATRIX.MSC3895_UNABLE_DUE_TO_PARTIAL_STATE',
    'The members of the room are still being learned from another server',
  );
}
