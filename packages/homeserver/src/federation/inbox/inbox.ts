import type { CheckedPdu } from '../../rooms/inbound/check-pdu.ts';
import type { Received, RoomIntake } from '../../rooms/inbound/room-intake.ts';
import type { Rooms } from '../../rooms/rooms.ts';
import { write } from '../../storage/database.ts';
import { NidBlocks } from '../../storage/nid-blocks.ts';
import type { Statement } from '../../storage/sql.ts';
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
import {
  answerDelayMsMax,
  answersKeptMs,
  attemptsMax,
  eventsPerRun,
  firstRetryMs,
  pruneEveryMs,
  roomsAtOnce,
  waitingEventsMax,
  waitingInRoomMax,
} from './limits.ts';

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
 * Events of other servers that wait on disk for their place: in order in each room, some rooms at once. What a crash leaves
 * behind is taken up at the next start; an event that has its place already is found to be there.
 */
export class Inbox {
  readonly #rooms: Rooms;
  readonly #intake: RoomIntake;
  readonly #logger: Logger;
  readonly #nids: NidBlocks;
  readonly #checked = new CheckedEvents();
  /** How many wait, by room. */
  readonly #waiting = new Map<number, number>();
  #waitingCount = 0;
  readonly #running = new Map<number, Promise<void>>();
  /** Rooms that wait for their turn, in order. */
  readonly #due = new Set<number>();
  readonly #timers = new Map<number, NodeJS.Timeout>();
  readonly #relieved = new Set<() => void>();
  readonly #pruning: NodeJS.Timeout;
  #closed = false;

  private constructor({ rooms, intake, logger }: InboxOptions) {
    this.#rooms = rooms;
    this.#intake = intake;
    this.#logger = logger;
    this.#nids = new NidBlocks(rooms.database, 'inbox', INBOX_NID_BLOCK);
    this.#pruning = setInterval(() => void this.#prune(), pruneEveryMs);
    this.#pruning.unref();
  }

  /** Takes up what was left when the server stopped. */
  static async open(options: InboxOptions): Promise<Inbox> {
    const inbox = new Inbox(options);
    await inbox.#prune();
    for (const { roomNid, count } of await readWaiting(options.rooms.database.reader)) {
      inbox.#count(roomNid, count);
      inbox.#wake(roomNid);
    }
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
    for (const { roomNid } of events) this.#count(roomNid, 1);
    for (const { roomNid } of events) this.#wake(roomNid);
  }

  /** Whether there is room for these; waits a while for it. */
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
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const resolve of this.#relieved) resolve();
    this.#due.clear();
    await Promise.all(this.#running.values());
  }

  #fits(events: readonly InboxEvent[]): boolean {
    if (this.#waitingCount + events.length > waitingEventsMax) return false;
    return events.every(({ roomNid }) => (this.#waiting.get(roomNid) ?? 0) < waitingInRoomMax);
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

  #count(roomNid: number, added: number): void {
    const count = Math.max(0, (this.#waiting.get(roomNid) ?? 0) + added);
    this.#waitingCount += count - (this.#waiting.get(roomNid) ?? 0);
    if (count === 0) this.#waiting.delete(roomNid);
    else this.#waiting.set(roomNid, count);
    if (added < 0) for (const resolve of this.#relieved) resolve();
  }

  #wake(roomNid: number): void {
    this.#due.add(roomNid);
    this.#start();
  }

  #start(): void {
    for (const roomNid of this.#due) {
      if (this.#closed || this.#running.size >= roomsAtOnce) return;
      if (this.#running.has(roomNid)) continue;
      this.#due.delete(roomNid);
      const run = this.#process(roomNid).finally(() => {
        this.#running.delete(roomNid);
        this.#start();
      });
      this.#running.set(roomNid, run);
    }
  }

  /** Takes in the events of a room, oldest first, until none is left that may be tried. */
  async #process(roomNid: number): Promise<void> {
    const { reader } = this.#rooms.database;
    try {
      while (!this.#closed) {
        const rows = await readNext(reader, roomNid, this.#rooms.now(), eventsPerRun);
        if (rows.length === 0) break;
        await this.#take(roomNid, rows);
      }
      await this.#wait(roomNid);
    } catch (error) {
      this.#logger.error({ err: error, room: roomNid }, 'the inbox of a room cannot be read');
      this.#wakeAfter(roomNid, firstRetryMs);
    }
  }

  async #take(roomNid: number, rows: readonly InboxRow[]): Promise<void> {
    const roomId = await this.#rooms.names.rooms.text(roomNid);
    const results = await this.#intake.receiveRun(
      rows.map(({ inbox_nid: inboxNid, origin, json: pdu }) => {
        const checked = this.#checked.take(inboxNid);
        return { origin, roomId, pdu, checked };
      }),
    );
    const statements: Statement[] = [];
    let finished = 0;
    for (const [index, row] of rows.entries()) {
      const result = results[index];
      const isToRetry = result === undefined || this.#isToRetry(row, roomId, result);
      // What was interrupted stays as it is.
      if (this.#closed && isToRetry) continue;
      const isPostponed = isToRetry && row.attempts + 1 < attemptsMax;
      statements.push(isPostponed ? this.#postponed(row) : deleteInboxStatement(row.inbox_nid));
      if (!isPostponed) finished += 1;
    }
    if (statements.length > 0) await write(this.#rooms.database, { statements, positions: 0 });
    this.#count(roomNid, -finished);
  }

  /** Logs what became of an event. */
  #isToRetry(
    { event_id: event, origin }: InboxRow,
    room: string,
    result: PromiseSettledResult<Received>,
  ): boolean {
    const about = { room, event, origin };
    if (result.status === 'rejected') {
      if (!this.#closed) this.#logger.error({ ...about, err: result.reason }, 'event not received');
      return true;
    }
    const received = result.value;
    if (received.kind !== 'accepted') this.#logger.info({ ...about, received }, 'event received');
    return received.kind === 'refused' && received.cause === 'incomplete';
  }

  #postponed({ inbox_nid: inboxNid, attempts }: InboxRow): Statement {
    const nextTryTs = this.#rooms.now() + firstRetryMs * 2 ** attempts;
    return postponeStatement(inboxNid, attempts + 1, nextTryTs);
  }

  /** The database knows how many are left: an event that came twice was counted twice. */
  async #wait(roomNid: number): Promise<void> {
    const { count, nextTryTs } = await readWaitingOf(this.#rooms.database.reader, roomNid);
    if (this.#due.has(roomNid)) return;
    this.#count(roomNid, count - (this.#waiting.get(roomNid) ?? 0));
    if (count > 0) this.#wakeAfter(roomNid, nextTryTs - this.#rooms.now());
  }

  #wakeAfter(roomNid: number, delayMs: number): void {
    if (this.#closed) return;
    clearTimeout(this.#timers.get(roomNid));
    const timer = setTimeout(
      () => {
        this.#timers.delete(roomNid);
        this.#wake(roomNid);
      },
      Math.max(1, delayMs),
    );
    timer.unref();
    this.#timers.set(roomNid, timer);
  }

  async #prune(): Promise<void> {
    const before = this.#rooms.now() - answersKeptMs;
    try {
      await write(this.#rooms.database, {
        statements: [pruneAnswersStatement(before)],
        positions: 0,
      });
    } catch (error) {
      this.#logger.error({ err: error }, 'old transactions are not forgotten');
    }
  }
}
