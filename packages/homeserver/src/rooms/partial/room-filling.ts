import { Lanes } from '../../streams/lanes.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { readPartialRooms } from '../partial-room-store.ts';
import { fillRoom } from './fill-room.ts';
import type { FillingContext } from './filling-context.ts';
import {
  roomsAtOnce,
  roomsOfResidentAtOnce,
  roundPauseMs,
  roundPauseMsMax,
  strictRoundsMax,
} from './limits.ts';

interface Filling {
  /** The server that answered the join, which is asked first. */
  readonly resident: string;
  rounds: number;
  isRunning: boolean;
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
  readonly #lanes: Lanes<number>;

  constructor(options: RoomFillingOptions) {
    this.#context = { ...options, signal: this.#closing.signal };
    this.#logger = options.logger;
    this.#lanes = new Lanes({
      atOnce: roomsAtOnce,
      mayRun: (roomNid) => this.#mayRun(roomNid),
      run: (roomNid) => this.#round(roomNid),
    });
  }

  /** Takes up what was left when the server stopped. */
  async resume(): Promise<void> {
    const { database } = this.#context.rooms;
    for (const { roomNid, resident } of await readPartialRooms(database.reader)) {
      this.start(roomNid, resident);
    }
  }

  /** Learns the rest of a room that was joined in part; from the first round on where that goes on already. */
  start(roomNid: number, resident: string): void {
    this.#rooms.set(roomNid, { resident, rounds: 0, isRunning: false });
    this.#lanes.wake(roomNid);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#lanes.close();
  }

  #mayRun(roomNid: number): boolean {
    const resident = this.#rooms.get(roomNid)?.resident;
    const running = [...this.#rooms.values()].filter(
      (filling) => filling.isRunning && filling.resident === resident,
    );
    return running.length < roomsOfResidentAtOnce;
  }

  /** Resolves to how long it rests before the next round; undefined where there is none. */
  async #round(roomNid: number): Promise<number | undefined> {
    const filling = this.#rooms.get(roomNid);
    if (filling === undefined) return undefined;
    filling.isRunning = true;
    try {
      const isDone = await fillRoom(this.#context, roomNid, filling.rounds < strictRoundsMax);
      if (isDone) {
        if (this.#rooms.get(roomNid) === filling) this.#rooms.delete(roomNid);
        return undefined;
      }
    } catch (error) {
      if (this.#closing.signal.aborted) return undefined;
      this.#logger.error({ err: error, room: roomNid }, 'the rest of a room cannot be learned');
    } finally {
      filling.isRunning = false;
    }
    const pauseMs = Math.min(roundPauseMs * 2 ** filling.rounds, roundPauseMsMax);
    filling.rounds += 1;
    return pauseMs;
  }
}
