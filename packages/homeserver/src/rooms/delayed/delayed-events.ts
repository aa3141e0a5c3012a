import { randomUUID } from 'node:crypto';

import type { JsonObject } from '@soma/protocol';

import { MatrixError, forbidden, limitExceeded, notFound } from '../../errors/matrix-error.ts';
import { write } from '../../storage/database.ts';
import type { Statement } from '../../storage/sql.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { readEvent } from '../event-store.ts';
import { redactsOf } from '../redacts-of.ts';
import type { Rooms } from '../rooms.ts';
import { sendEvent } from '../send-event.ts';
import { readCurrentStateKey } from '../state-store.ts';
import type { Viewer } from '../viewer.ts';
import {
  deleteDelayedStatement,
  hurryDelayedStatement,
  insertDelayedStatement,
  readDelayedEvent,
  readDelayedOfUser,
  readDueEvents,
  readNextDue,
  restartDelayedStatement,
} from './delayed-event-store.ts';
import type { DelayedEvent } from './delayed-event-store.ts';

/** What a user wants to be sent later. */
export interface DelayRequest {
  readonly roomId: string;
  readonly type: string;
  readonly stateKey: string | undefined;
  readonly content: JsonObject;
  readonly delayMs: number;
}

/** As many may wait for one user. */
export const DELAYED_MAX = 100;
const SENT_AT_ONCE = 50;
const RETRY_MS = 1_000;
/** A timer takes no longer spans. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** Events that are sent later, unless their owner keeps putting them off (MSC4140). They outlive a restart. */
export class DelayedEvents {
  readonly #rooms: Rooms;
  readonly #logger: Logger;
  /** Undefined where the operator allows none. */
  readonly delayMaxMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(rooms: Rooms, logger: Logger, delayMaxMs: number | undefined) {
    this.#rooms = rooms;
    this.#logger = logger;
    this.delayMaxMs = delayMaxMs;
  }

  /** Sends what has become due, and goes on from there. */
  async start(): Promise<void> {
    await this.#schedule();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#sending;
  }

  /** Resolves to the ID of the delay. Throws `403 M_FORBIDDEN`, `429 M_LIMIT_EXCEEDED`. */
  async add({ userNid, deviceNid }: Viewer, request: DelayRequest): Promise<string> {
    const { roomId, type, stateKey, content, delayMs } = request;
    if (this.delayMaxMs === undefined) throw forbidden('This server sends no delayed events');
    if (delayMs > this.delayMaxMs) {
      throw forbidden(`The delay is longer than ${this.delayMaxMs} ms, the longest allowed`);
    }
    const { database, names } = this.#rooms;
    const roomNid = await names.rooms.find(roomId);
    const isMember =
      roomNid !== undefined && (await this.#rooms.isJoined(database.reader, userNid, roomNid));
    if (!isMember) throw forbidden('You are not in this room');
    const waiting = await readDelayedOfUser(database.reader, userNid, DELAYED_MAX);
    if (waiting.length >= DELAYED_MAX) throw limitExceeded();
    const delayId = randomUUID();
    const runningSinceTs = this.#rooms.now();
    const about = { roomNid, type, stateKey, content, delayMs, runningSinceTs };
    const statements = [insertDelayedStatement({ delayId, userNid, deviceNid, ...about })];
    await write(database, { statements, positions: 1 });
    await this.#schedule();
    return delayId;
  }

  /** Throws `404 M_NOT_FOUND`, as the others do. */
  async cancel(delayId: string): Promise<void> {
    await this.#change(deleteDelayedStatement(delayId));
  }

  async restart(delayId: string): Promise<void> {
    await this.#change(restartDelayedStatement(delayId, this.#rooms.now()));
    await this.#schedule();
  }

  /** Sends it now; resolves when that is done. */
  async send(delayId: string): Promise<void> {
    await this.#change(hurryDelayedStatement(delayId));
    const event = await readDelayedEvent(this.#rooms.database.reader, delayId);
    if (event !== undefined) await this.#inTurn(() => this.#sendOne(event));
  }

  /** Those of a user, the next one first. */
  async list(userNid: number): Promise<JsonObject[]> {
    const { reader } = this.#rooms.database;
    const events = await readDelayedOfUser(reader, userNid, DELAYED_MAX);
    return Promise.all(events.map((event) => this.#toJson(event)));
  }

  /** One of a user's. Throws `404 M_NOT_FOUND`. */
  async find(userNid: number, delayId: string): Promise<JsonObject> {
    const event = await readDelayedEvent(this.#rooms.database.reader, delayId);
    if (event?.userNid !== userNid) throw notFound('There is no such delayed event');
    return this.#toJson(event);
  }

  async #toJson(event: DelayedEvent): Promise<JsonObject> {
    return {
      delay_id: event.delayId,
      room_id: await this.#rooms.names.rooms.text(event.roomNid),
      type: event.type,
      ...(event.stateKey === undefined ? {} : { state_key: event.stateKey }),
      delay: event.delayMs,
      running_since: event.runningSinceTs,
      content: event.content,
    };
  }

  async #change(change: Statement): Promise<void> {
    const { rows } = await write(this.#rooms.database, {
      statements: [change],
      returning: [0],
      positions: 0,
    });
    if (rows[0]?.length === 0) throw notFound('There is no such delayed event');
  }

  /** One after the other, so that nothing is sent by two at once. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#sending.then(work);
    this.#sending = done.catch(() => undefined);
    return done;
  }

  async #schedule(waitMinMs = 0): Promise<void> {
    const next = await readNextDue(this.#rooms.database.reader);
    clearTimeout(this.#timer);
    if (next === undefined || this.#closed) return;
    const waitMs = Math.min(Math.max(next - this.#rooms.now(), waitMinMs), TIMER_MS_MAX);
    this.#timer = setTimeout(() => void this.#sendDue(), waitMs);
    this.#timer.unref();
  }

  async #sendDue(): Promise<void> {
    try {
      await this.#inTurn(async () => {
        const { reader } = this.#rooms.database;
        const events = await readDueEvents(reader, this.#rooms.now(), SENT_AT_ONCE);
        for (const event of events) {
          if (this.#closed) return;
          await this.#sendOne(event);
        }
      });
      if (!this.#closed) await this.#schedule();
    } catch (error) {
      this.#logger.error({ err: error }, 'a delayed event could not be sent; it is tried again');
      this.#timer = setTimeout(() => void this.#sendDue(), RETRY_MS);
      this.#timer.unref();
    }
  }

  /** Sent first and forgotten then: its ID is the transaction ID, so that a crash between does not send it twice. */
  async #sendOne(event: DelayedEvent): Promise<void> {
    const { database, names } = this.#rooms;
    const { delayId, deviceNid, type, stateKey, content } = event;
    if ((await readDelayedEvent(database.reader, delayId)) === undefined) return;
    if (!(await this.#isOutdated(event))) {
      try {
        await sendEvent(this.#rooms, {
          roomId: await names.rooms.text(event.roomNid),
          sender: await names.users.text(event.userNid),
          type,
          stateKey,
          content,
          redacts: redactsOf(type, content),
          ...(deviceNid === undefined
            ? {}
            : { transaction: { deviceNid, transactionId: delayId } }),
        });
      } catch (error) {
        // What is refused now would be refused again.
        if (!(error instanceof MatrixError)) throw error;
        this.#logger.info({ err: error, delayId }, 'a delayed event was refused');
      }
    }
    await write(database, { statements: [deleteDelayedStatement(delayId)], positions: 0 });
  }

  /** Somebody else has set the state meanwhile. */
  async #isOutdated({
    roomNid,
    userNid,
    type,
    stateKey,
    position,
  }: DelayedEvent): Promise<boolean> {
    if (stateKey === undefined) return false;
    const { database, names } = this.#rooms;
    const typeNid = await names.eventTypes.find(type);
    const keyNid = await names.stateKeys.find(type, stateKey);
    if (typeNid === undefined || keyNid === undefined) return false;
    const currentNid = await readCurrentStateKey(database.reader, roomNid, typeNid, keyNid);
    const current =
      currentNid === undefined ? undefined : await readEvent(database.reader, currentNid);
    return current !== undefined && current.sender_nid !== userNid
      ? (current.event_order ?? 0) > position
      : false;
  }
}
