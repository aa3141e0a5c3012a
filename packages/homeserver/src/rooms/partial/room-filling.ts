import type { Logger } from '../../telemetry/logger.ts';
import { readPartialRooms } from '../partial-room-store.ts';
import { fillRoom } from './fill-room.ts';
import type { FillingContext } from './filling-context.ts';
import { roomsAtOnce, roundPauseMs, roundPauseMsMax, strictRoundsMax } from './limits.ts';

interface Filling {
  rounds: number;
  timer: NodeJS.Timeout | undefined;
}

export type RoomFillingOptions = Omit<FillingContext, 'signal'>;

/**
 * Learns the rest of rooms that were joined without their members: a few rooms at a time, each in rounds until a server
 * has helped. What a stop leaves behind is taken up at the next start.
 */
export class RoomFilling {
  readonly #context: FillingContext;
  readonly #logger: Logger;
  readonly #closing = new AbortController();
  readonly #rooms = new Map<number, Filling>();
  readonly #due = new Set<number>();
  readonly #running = new Map<number, Promise<void>>();

  constructor(options: RoomFillingOptions) {
    this.#context = { ...options, signal: this.#closing.signal };
    this.#logger = options.logger;
  }

  /** Takes up what was left when the server stopped. */
  async resume(): Promise<void> {
    const { database } = this.#context.rooms;
    for (const { roomNid } of await readPartialRooms(database.reader)) this.start(roomNid);
  }

  /** Learns the rest of a room that was joined in part; from the first round on where that goes on already. */
  start(roomNid: number): void {
    clearTimeout(this.#rooms.get(roomNid)?.timer);
    this.#rooms.set(roomNid, { rounds: 0, timer: undefined });
    this.#wake(roomNid);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const { timer } of this.#rooms.values()) clearTimeout(timer);
    this.#due.clear();
    await Promise.all(this.#running.values());
  }

  #wake(roomNid: number): void {
    this.#due.add(roomNid);
    this.#startDue();
  }

  #startDue(): void {
    for (const roomNid of this.#due) {
      if (this.#closing.signal.aborted || this.#running.size >= roomsAtOnce) return;
      if (this.#running.has(roomNid)) continue;
      this.#due.delete(roomNid);
      const run = this.#round(roomNid).finally(() => {
        this.#running.delete(roomNid);
        this.#startDue();
      });
      this.#running.set(roomNid, run);
    }
  }

  async #round(roomNid: number): Promise<void> {
    const filling = this.#rooms.get(roomNid);
    if (filling === undefined) return;
    try {
      const isDone = await fillRoom(this.#context, roomNid, filling.rounds < strictRoundsMax);
      if (isDone) {
        if (this.#rooms.get(roomNid) === filling) this.#rooms.delete(roomNid);
        return;
      }
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      this.#logger.error({ err: error, room: roomNid }, 'the rest of a room cannot be learned');
    }
    if (this.#closing.signal.aborted || this.#rooms.get(roomNid) !== filling) return;
    const pauseMs = Math.min(roundPauseMs * 2 ** filling.rounds, roundPauseMsMax);
    filling.rounds += 1;
    filling.timer = setTimeout(() => this.#wake(roomNid), pauseMs);
    filling.timer.unref();
  }
}
