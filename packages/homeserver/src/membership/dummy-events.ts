import { MatrixError } from '../errors/matrix-error.ts';
import { DUMMY_EVENT_TYPE } from '../rooms/dummy-event.ts';
import { readRoomsWithManyEnds } from '../rooms/forward-extremity-store.ts';
import { powerLevelsOf } from '../rooms/room-power.ts';
import { writeToRoom } from '../rooms/room-write.ts';
import type { RoomWrite } from '../rooms/room-write.ts';
import type { Rooms } from '../rooms/rooms.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { RoomServers, ServersOfRoom } from './room-servers.ts';

export interface DummyEventsOptions {
  readonly rooms: Rooms;
  readonly roomServers: RoomServers;
  readonly logger: Logger;
  /** A room may have so many ends. */
  readonly endsMax: number;
}

/**
 * All servers of a room see that it has too many ends, and one event is enough: each waits for a while that it draws from
 * a span which grows with their number, so that a few speak before the others have heard of it, however many they are.
 */
const SPAN_PER_SERVER_MS = 500;
const SPAN_MS_MIN = 1_000;
const SPAN_MS_MAX = 5 * 60_000;

/** So many users are tried where the room does not take the event from one. */
const SENDERS_MAX = 10;

/** How long a room is left alone that takes the event from nobody here. */
const REST_MS = 60 * 60_000;

/**
 * Brings the ends of rooms together that have too many of them, by events that nobody sees: the state of such a room is
 * resolved from all of them again and again, and an event can name only twenty.
 */
export class DummyEvents {
  readonly #options: DummyEventsOptions;
  /** Rooms whose turn comes, or that rest. */
  readonly #timers = new Map<number, NodeJS.Timeout | undefined>();
  readonly #running = new Set<Promise<void>>();
  #isClosed = false;

  constructor(options: DummyEventsOptions) {
    this.#options = options;
  }

  /** Begins with the rooms that have too many ends already. */
  async start(): Promise<void> {
    const { rooms, endsMax } = this.#options;
    rooms.forked.listen((roomNid, ends) => {
      if (ends > endsMax) this.#plan(roomNid);
    });
    const { reader } = rooms.database;
    for (const roomNid of await readRoomsWithManyEnds(reader, endsMax)) this.#plan(roomNid);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await Promise.all(this.#running);
  }

  #plan(roomNid: number): void {
    if (this.#isClosed || this.#timers.has(roomNid)) return;
    this.#timers.set(roomNid, undefined);
    this.#run(roomNid, async () => {
      const servers = await this.#options.roomServers.of(roomNid);
      const span = servers.joined().length * SPAN_PER_SERVER_MS;
      const waitMs = Math.random() * Math.min(Math.max(span, SPAN_MS_MIN), SPAN_MS_MAX);
      this.#after(roomNid, waitMs, () => this.#run(roomNid, () => this.#bringTogether(roomNid)));
    });
  }

  #after(roomNid: number, waitMs: number, next: () => void): void {
    if (this.#isClosed) return;
    this.#timers.set(roomNid, setTimeout(next, waitMs).unref());
  }

  #run(roomNid: number, work: () => Promise<void>): void {
    const done = work()
      .catch((error: unknown) => {
        this.#options.logger.error({ err: error, room: roomNid }, 'the ends of a room stay many');
        this.#rest(roomNid);
      })
      .finally(() => this.#running.delete(done));
    this.#running.add(done);
  }

  async #bringTogether(roomNid: number): Promise<void> {
    const { rooms, roomServers } = this.#options;
    const servers = await roomServers.of(roomNid);
    while (!this.#isClosed) {
      const { value } = await writeToRoom(rooms, roomNid, (write) => this.#append(write, servers));
      if (value === 'refused') {
        this.#rest(roomNid);
        return;
      }
      if (value === 'few') break;
    }
    this.#timers.delete(roomNid);
  }

  #rest(roomNid: number): void {
    this.#after(roomNid, REST_MS, () => this.#timers.delete(roomNid));
  }

  /** Sends one event, in the name of a user who may, those first who have been there for the longest. */
  async #append(write: RoomWrite, servers: ServersOfRoom): Promise<'sent' | 'few' | 'refused'> {
    const { rooms, endsMax } = this.#options;
    const { head } = write;
    if (head.partial !== undefined || head.extremities.length <= endsMax) return 'few';
    const levels = await powerLevelsOf(head);
    const needed = levels.eventLevel(DUMMY_EVENT_TYPE, false);
    const senders = [...servers.usersOf(rooms.serverName).values()]
      .filter(
        ({ membership, userId }) => membership === 'join' && levels.userLevel(userId) >= needed,
      )
      .toSorted((one, other) => one.position - other.position)
      .slice(0, SENDERS_MAX);
    for (const { userId } of senders) {
      try {
        await write.append({ type: DUMMY_EVENT_TYPE, sender: userId, content: {} });
        return 'sent';
      } catch (error) {
        if (!(error instanceof MatrixError)) throw error;
      }
    }
    return 'refused';
  }
}
