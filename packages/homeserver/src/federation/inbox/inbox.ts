import type { CheckedPdu } from '../../rooms/inbound/check-pdu.ts';
import type { RoomIntake } from '../../rooms/inbound/room-intake.ts';
import type { Rooms } from '../../rooms/rooms.ts';
import { write } from '../../storage/database.ts';
import { NidBlocks } from '../../storage/nid-blocks.ts';
import type { Statement } from '../../storage/sql.ts';
import { Lanes } from '../../streams/lanes.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { CheckedEvents } from './checked-events.ts';
import {
  deleteInboxStatement,
  insertInboxStatement,
  postponeStatement,
  pruneAnswersStatement,
  readNext,
  readWaiting,
  readWaitingOf,
} from './inbox-store.ts';
import type { InboxRow } from './inbox-store.ts';
import { IncompleteEvents } from './incomplete-events.ts';
import {
  answerDelayMsMax,
  answersKeptMs,
  eventsPerRun,
  firstRetryMs,
  pruneEveryMs,
  roomsAtOnce,
  waitingEventsMax,
  waitingInRoomMax,
  waitingOfOriginMax,
} from './limits.ts';
import { receiveRows } from './receive-rows.ts';
import type { InboxContext } from './receive-rows.ts';
import { WaitingCounts } from './waiting-counts.ts';

export interface InboxOptions {
  readonly rooms: Rooms;
  readonly intake: RoomIntake;
  readonly logger: Logger;
}

/** An event that passed the first checks. */
export interface InboxEvent {
  readonly roomNid: number;
  readonly eventId: string;
  readonly origin: string;
  readonly checked: CheckedPdu;
}

const INBOX_NID_BLOCK = 1_000;

/**
 * Events of other servers that wait on disk for their place: in order in each room, some rooms at once. About what cannot
 * be taken in as it is others are asked, beside that. What a crash leaves behind is taken up at the next start; an event
 * that has its place already is found to be there.
 */
export class Inbox {
  readonly #rooms: Rooms;
  readonly #context: InboxContext;
  readonly #nids: NidBlocks;
  readonly #checked = new CheckedEvents();
  readonly #waiting = new WaitingCounts();
  readonly #lanes: Lanes<number>;
  readonly #incomplete: IncompleteEvents;
  readonly #relieved = new Set<() => void>();
  readonly #pruning: NodeJS.Timeout;
  #closed = false;

  private constructor(options: InboxOptions) {
    const { rooms } = options;
    this.#rooms = rooms;
    this.#context = { ...options, checked: this.#checked, isClosed: () => this.#closed };
    this.#nids = new NidBlocks(rooms.database, 'inbox', INBOX_NID_BLOCK);
    this.#lanes = new Lanes({ atOnce: roomsAtOnce, run: (roomNid) => this.#process(roomNid) });
    this.#incomplete = new IncompleteEvents(this.#context);
    this.#pruning = setInterval(() => void this.#prune(), pruneEveryMs);
    this.#pruning.unref();
  }

  /** Takes up what was left when the server stopped. */
  static async open(options: InboxOptions): Promise<Inbox> {
    const inbox = new Inbox(options);
    await inbox.#prune();
    for (const { roomNid, origin, count } of await readWaiting(options.rooms.database.reader)) {
      inbox.#waiting.add(roomNid, origin, count);
      inbox.#lanes.wake(roomNid);
    }
    await inbox.#incomplete.resume();
    return inbox;
  }

  /** Statements that put events into the inbox; {@link added} must be told when they are committed. */
  async add(events: readonly InboxEvent[]): Promise<Statement[]> {
    const statements: Statement[] = [];
    for (const { roomNid, eventId, origin, checked } of events) {
      const { json } = checked;
      const inboxNid = await this.#nids.next();
      this.#checked.add(inboxNid, checked);
      const receivedTs = this.#rooms.now();
      statements.push(
        insertInboxStatement({ inboxNid, roomNid, eventId, origin, receivedTs, json }),
      );
    }
    return statements;
  }

  added(events: readonly InboxEvent[]): void {
    for (const { roomNid, origin } of events) this.#waiting.add(roomNid, origin, 1);
    for (const { roomNid, origin } of events) {
      this.#lanes.wake(roomNid);
      this.#incomplete.hurry(roomNid, origin);
    }
  }

  /** Whether there is room for these, all of one server; waits a while for it. */
  async hasRoom(events: readonly InboxEvent[]): Promise<boolean> {
    const deadlineMs = performance.now() + answerDelayMsMax;
    while (!this.#fits(events)) {
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0 || this.#closed) return false;
      await this.#relief(leftMs);
    }
    return true;
  }

  /** Resolves when nothing is under way any more. What waits stays on disk. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#pruning);
    for (const resolve of this.#relieved) resolve();
    await Promise.all([this.#lanes.close(), this.#incomplete.close()]);
  }

  #fits(events: readonly InboxEvent[]): boolean {
    const waiting = this.#waiting;
    if (waiting.total + events.length > waitingEventsMax) return false;
    return events.every(
      ({ roomNid, origin }) =>
        waiting.ofRoom(roomNid) < waitingInRoomMax && waiting.ofOrigin(origin) < waitingOfOriginMax,
    );
  }

  #relief(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#relieved.delete(done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.#relieved.add(done);
    });
  }

  /** Takes in the events of a room, oldest first, until none is left that was not tried. */
  async #process(roomNid: number): Promise<number | undefined> {
    const { reader } = this.#rooms.database;
    try {
      while (!this.#closed) {
        const rows = await readNext(reader, roomNid, eventsPerRun);
        if (rows.length === 0) break;
        await this.#take(roomNid, rows);
      }
      await this.#countAnew(roomNid);
      return undefined;
    } catch (error) {
      const { logger } = this.#context;
      logger.error({ err: error, room: roomNid }, 'the inbox of a room cannot be read');
      return firstRetryMs;
    }
  }

  async #take(roomNid: number, rows: readonly InboxRow[]): Promise<void> {
    const outcomes = await receiveRows(this.#context, roomNid, rows, true);
    const statements: Statement[] = [];
    const incomplete: string[] = [];
    const finished: string[] = [];
    for (const [index, row] of rows.entries()) {
      const outcome = outcomes[index];
      if (outcome === 'interrupted') continue;
      finished.push(row.origin);
      if (outcome === 'done' || !this.#mayWait(row)) {
        statements.push(deleteInboxStatement(row));
        continue;
      }
      const delayMs = outcome === 'unasked' ? 0 : firstRetryMs;
      statements.push(postponeStatement(row, 1, this.#rooms.now() + delayMs));
      incomplete.push(row.origin);
    }
    if (statements.length > 0) await write(this.#rooms.database, { statements, positions: 0 });
    for (const origin of finished) this.#waiting.add(roomNid, origin, -1);
    for (const resolve of this.#relieved) resolve();
    this.#incomplete.added(roomNid, incomplete);
  }

  /** Whether an event may wait for what others have to be asked for. */
  #mayWait({ event_id: event, origin, room_nid: room }: InboxRow): boolean {
    if (this.#incomplete.hasRoomFor(origin)) return true;
    const { logger } = this.#context;
    logger.info({ event, origin, room }, 'event given up: too many of its server are incomplete');
    return false;
  }

  /** The database knows how many are left: an event that came twice was counted twice. */
  async #countAnew(roomNid: number): Promise<void> {
    const counts = await readWaitingOf(this.#rooms.database.reader, roomNid);
    if (this.#lanes.isDue(roomNid)) return;
    this.#waiting.setRoom(roomNid, new Map(counts.map(({ origin, count }) => [origin, count])));
  }

  async #prune(): Promise<void> {
    const before = this.#rooms.now() - answersKeptMs;
    try {
      await write(this.#rooms.database, {
        statements: [pruneAnswersStatement(before)],
        positions: 0,
      });
    } catch (error) {
      this.#context.logger.error({ err: error }, 'old transactions are not forgotten');
    }
  }
}
