import { setTimeout as delay } from 'node:timers/promises';

import { readAt, write } from '../storage/database.ts';
import type { Database } from '../storage/database.ts';
import { moveCursorStatement, readCursor } from '../streams/cursor-store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { ApplicationService } from './application-service.ts';
import type { EphemeralNews } from './ephemeral-news.ts';
import { retryDelayMsFirst, retryDelayMsMax, transactionTimeoutMs } from './limits.ts';
import { isSuccess } from './service-client.ts';
import type { ServiceClient } from './service-client.ts';
import {
  insertServiceQueueStatement,
  putTransactionStatement,
  readServiceQueue,
  transactionTakenStatement,
} from './service-queue-store.ts';
import type { StoredTransaction } from './service-queue-store.ts';
import type { TransactionReader } from './transaction-reader.ts';

export interface TransactionQueueOptions {
  readonly service: ApplicationService;
  readonly database: Database;
  readonly client: ServiceClient;
  readonly reader: TransactionReader;
  readonly ephemeral: EphemeralNews;
  readonly logger: Logger;
}

/** After a commit the queue waits so long for more. */
const REST_MS = 10;
/** A cursor is stored when it has moved so far, even if nothing on the way was of interest. */
const CURSOR_LAG_MAX = 10_000;

/**
 * Tells one application service what it is interested in, one transaction after the other, each until it is taken.
 * The log is read as fast as the service takes it: what it has not been told stands there, and one transaction is
 * stored, so that it is repeated with its ID and content after a crash as well.
 */
export class TransactionQueue {
  readonly #options: TransactionQueueOptions;
  readonly #cursor: string;
  readonly #stop = new AbortController();
  #position: number;
  #storedPosition: number;
  #number: number;
  #waiting: StoredTransaction | undefined;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Ends the pause before the next attempt. */
  #hasten: (() => void) | undefined;

  private constructor(
    options: TransactionQueueOptions,
    position: number,
    number: number,
    waiting: StoredTransaction | undefined,
  ) {
    this.#options = options;
    this.#cursor = cursorOf(options.service);
    this.#position = position;
    this.#storedPosition = position;
    this.#number = number;
    this.#waiting = waiting;
  }

  /** A service that is new is told what happens from now on. */
  static async open(options: TransactionQueueOptions): Promise<TransactionQueue> {
    const { database, service } = options;
    const cursor = cursorOf(service);
    let queue = await readServiceQueue(database.reader, service.id);
    if (queue === undefined) {
      const begins = moveCursorStatement(cursor, database.position);
      const statements = [insertServiceQueueStatement(service.id), begins];
      await write(database, { statements, positions: 0 });
      queue = { number: 0, waiting: undefined };
    }
    const position = await readCursor(database.reader, cursor);
    const opened = new TransactionQueue(options, position, queue.number, queue.waiting);
    database.onCommit(() => opened.wake());
    opened.wake();
    return opened;
  }

  /** There may be something to tell. */
  wake(): void {
    if (this.#timer !== undefined || this.#running !== undefined) return;
    this.#runIn(REST_MS);
  }

  /** The service is there: a transaction that waits is tried at once. */
  retryNow(): void {
    this.#hasten?.();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    await this.#running;
  }

  #runIn(delayMs: number): void {
    if (this.#stop.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#running = this.#run();
    }, delayMs);
    this.#timer.unref();
  }

  async #run(): Promise<void> {
    let delayMs = REST_MS;
    try {
      await this.#tellAll();
    } catch (error) {
      const { logger, service } = this.#options;
      logger.error({ err: error, service: service.id }, 'an application service was not told');
      delayMs = retryDelayMsFirst;
    } finally {
      this.#running = undefined;
    }
    if (this.#hasNews()) this.#runIn(delayMs);
  }

  #hasNews(): boolean {
    const { database, ephemeral } = this.#options;
    return this.#waiting !== undefined || this.#position < database.position || !ephemeral.isEmpty;
  }

  async #tellAll(): Promise<void> {
    const { database, service } = this.#options;
    while (!this.#stop.signal.aborted) {
      this.#waiting ??= await this.#next();
      if (this.#waiting === undefined) return;
      if (!(await this.#tell(this.#waiting))) return;
      const taken = transactionTakenStatement(service.id, this.#waiting.number);
      await write(database, { statements: [taken], positions: 0 });
      this.#waiting = undefined;
    }
  }

  /** The next transaction, stored; undefined once there is nothing more to tell. */
  async #next(): Promise<StoredTransaction | undefined> {
    const { database, service, reader: drafts } = this.#options;
    while (this.#hasNews() && !this.#stop.signal.aborted) {
      const above = this.#position;
      const { body, upTo, statements } = await readAt(database, (reader, position) =>
        drafts.read(reader, above, Math.max(above, position)),
      );
      const moved = moveCursorStatement(this.#cursor, upTo);
      if (body === undefined) {
        if (upTo - this.#storedPosition > CURSOR_LAG_MAX) {
          await write(database, { statements: [moved], positions: 0 });
          this.#storedPosition = upTo;
        }
        this.#position = upTo;
        continue;
      }
      const number = this.#number + 1;
      // A database that was restored begins numbers again that the service has seen.
      const transactionId = `${database.incarnation}-${number}`;
      const transaction = { number, transactionId, body: JSON.stringify(body) };
      const stored = putTransactionStatement(service.id, transaction);
      await write(database, { statements: [...statements, stored, moved], positions: 0 });
      this.#number = number;
      this.#position = upTo;
      this.#storedPosition = upTo;
      return transaction;
    }
    return undefined;
  }

  /** Resolves once the service has taken it; false if the queue is closed before. */
  async #tell(transaction: StoredTransaction): Promise<boolean> {
    const { logger, service } = this.#options;
    for (let delayMs = retryDelayMsFirst; ; delayMs = Math.min(2 * delayMs, retryDelayMsMax)) {
      const problem = await this.#attempt(transaction);
      if (problem === undefined) return true;
      if (this.#stop.signal.aborted) return false;
      logger.warn(
        { service: service.id, problem, retryMs: delayMs },
        'an application service did not take a transaction; it is tried again',
      );
      await this.#pause(delayMs);
    }
  }

  /** What went wrong; undefined if the service took it. */
  async #attempt({ transactionId, body }: StoredTransaction): Promise<string | undefined> {
    const { client, service } = this.#options;
    const path = `/transactions/${encodeURIComponent(transactionId)}`;
    try {
      const answer = await client.call(service, {
        method: 'PUT',
        path: `/_matrix/app/v1${path}`,
        oldPath: path,
        body,
        timeoutMs: transactionTimeoutMs,
        signal: this.#stop.signal,
      });
      return isSuccess(answer) ? undefined : `status ${answer.status}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  async #pause(delayMs: number): Promise<void> {
    const pause = new AbortController();
    this.#hasten = () => pause.abort();
    const signal = AbortSignal.any([pause.signal, this.#stop.signal]);
    await delay(delayMs, undefined, { signal, ref: false }).catch(() => undefined);
    this.#hasten = undefined;
  }
}

function cursorOf({ id }: ApplicationService): string {
  return `application_service ${id}`;
}
