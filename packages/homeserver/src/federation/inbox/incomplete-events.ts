import { write } from '../../storage/database.ts';
import type { Statement } from '../../storage/sql.ts';
import { Lanes } from '../../streams/lanes.ts';
import {
  deleteInboxStatement,
  postponeStatement,
  readIncomplete,
  readIncompleteNext,
  readIncompleteRest,
} from './inbox-store.ts';
import type { InboxRow } from './inbox-store.ts';
import {
  attemptsMax,
  cutOffAttemptsMax,
  eventsPerTurn,
  firstRetryMs,
  incompleteEventsMax,
  incompleteOfOriginMax,
  lanesAtOnce,
  lanesOfOriginAtOnce,
  retryMsMax,
} from './limits.ts';
import { receiveRows } from './receive-rows.ts';
import type { InboxContext } from './receive-rows.ts';
import { WaitingCounts } from './waiting-counts.ts';

/**
 * Events of the inbox about which others have to be asked, most often for their ancestors. Those of one server in one room
 * come one after the other, beside everything else: who answers slowly or never holds up itself alone.
 */
export class IncompleteEvents {
  readonly #context: InboxContext;
  readonly #counts = new WaitingCounts();
  /** How many lanes of a server go on. */
  readonly #running = new Map<string, number>();
  readonly #lanes: Lanes<string>;

  constructor(context: InboxContext) {
    this.#context = context;
    this.#lanes = new Lanes({
      atOnce: lanesAtOnce,
      mayRun: (lane) => (this.#running.get(originOf(lane)) ?? 0) < lanesOfOriginAtOnce,
      run: (lane) => this.#runLane(lane),
    });
  }

  /** Takes up what was left when the server stopped. */
  async resume(): Promise<void> {
    const { rooms } = this.#context;
    for (const { roomNid, origin, count } of await readIncomplete(rooms.database.reader)) {
      this.#counts.add(roomNid, origin, count);
      this.#lanes.wake(laneOf(roomNid, origin));
    }
  }

  /** Whether one more event of the server may wait. */
  hasRoomFor(origin: string): boolean {
    const { total } = this.#counts;
    return total < incompleteEventsMax && this.#counts.ofOrigin(origin) < incompleteOfOriginMax;
  }

  /** Events that have been tried once are now among these, by a change that is committed. */
  added(roomNid: number, origins: readonly string[]): void {
    for (const origin of origins) this.#counts.add(roomNid, origin, 1);
    for (const origin of origins) this.#lanes.wake(laneOf(roomNid, origin));
  }

  /** Events of the server have come to the room: some may be among these, and are to be tried at once. */
  hurry(roomNid: number, origin: string): void {
    if (this.#counts.ofOrigin(origin) > 0) this.#lanes.wake(laneOf(roomNid, origin));
  }

  /** Resolves when nothing is under way any more. What waits stays on disk. */
  close(): Promise<void> {
    return this.#lanes.close();
  }

  async #runLane(lane: string): Promise<number | undefined> {
    const { rooms, logger } = this.#context;
    const { reader } = rooms.database;
    const [roomNid, origin] = [roomNidOf(lane), originOf(lane)];
    this.#running.set(origin, (this.#running.get(origin) ?? 0) + 1);
    try {
      const rows = await readIncompleteNext(reader, roomNid, origin, rooms.now(), eventsPerTurn);
      await this.#take(rows, roomNid);
      const { count, nextTryTs } = await readIncompleteRest(reader, roomNid, origin);
      this.#counts.set(roomNid, origin, count);
      return nextTryTs === undefined ? undefined : nextTryTs - rooms.now();
    } catch (error) {
      logger.error({ err: error, room: roomNid, origin }, 'the inbox of a room cannot be read');
      return firstRetryMs;
    } finally {
      const left = (this.#running.get(origin) ?? 1) - 1;
      if (left === 0) this.#running.delete(origin);
      else this.#running.set(origin, left);
    }
  }

  async #take(rows: readonly InboxRow[], roomNid: number): Promise<void> {
    const { database } = this.#context.rooms;
    const outcomes = await receiveRows(this.#context, roomNid, rows, false);
    const statements: Statement[] = [];
    for (const [index, row] of rows.entries()) {
      const outcome = outcomes[index];
      if (outcome === 'interrupted') continue;
      const triesMax = outcome === 'cut-off' ? cutOffAttemptsMax : attemptsMax;
      const isPostponed = outcome !== 'done' && row.attempts < triesMax;
      statements.push(isPostponed ? this.#postponed(row) : deleteInboxStatement(row));
    }
    if (statements.length > 0) await write(database, { statements, positions: 0 });
  }

  #postponed(row: InboxRow): Statement {
    const pauseMs = Math.min(firstRetryMs * 2 ** (row.attempts - 1), retryMsMax);
    return postponeStatement(row, row.attempts + 1, this.#context.rooms.now() + pauseMs);
  }
}

function laneOf(roomNid: number, origin: string): string {
  return `${roomNid} ${origin}`;
}

function roomNidOf(lane: string): number {
  return Number(lane.slice(0, lane.indexOf(' ')));
}

function originOf(lane: string): string {
  return lane.slice(lane.indexOf(' ') + 1);
}
