import { setTimeout as sleep } from 'node:timers/promises';

import type { JsonObject } from '@soma/protocol';

import { Waits } from '../streams/waits.ts';
import { DestinationQueue } from './destination-queue.ts';
import type { QueuedPdu, QueueParts, QueueStart } from './destination-queue.ts';
import type { EphemeralKind } from './ephemeral-edus.ts';
import {
  concurrentRetriesMax,
  concurrentTransactionsMax,
  queuesAtStartMax,
  retrySweepMsMax,
  retrySweepMsMin,
  stopGraceMs,
  tellAgainMsMax,
} from './limits.ts';
import { readDueDestinations, readPendingDestinations } from './outbox-rooms-store.ts';
import { Slots } from './slots.ts';
import { TransactionIds } from './transaction.ts';

export type SenderOptions = Omit<
  QueueParts,
  'closing' | 'aborting' | 'slots' | 'ids' | 'deliveries'
> & {
  /** How soon, at the earliest, a destination that fails is asked again. */
  readonly retryIntervalMsMin: number;
};

const BEHIND: QueueStart = { isBehind: true, hasStoredEdus: true };

/**
 * Sends to other servers what they are to get. There is a queue for each destination that is getting something, and
 * nothing in memory of any other: whoever lacks something has a queue, or has failed and waits for its time.
 */
export class FederationSender {
  readonly #options: SenderOptions;
  readonly #parts: QueueParts;
  readonly #queues = new Map<string, DestinationQueue>();
  readonly #running = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  readonly #aborting = new AbortController();
  #delivering: Promise<void> = Promise.resolve();
  #sweeping: NodeJS.Timeout | undefined;
  /** Queues for destinations that failed before. */
  #retries = 0;
  /** Until all who lack something since an earlier run have a queue, any destination may be one of them. */
  #isStarting = true;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#parts = {
      ...options,
      slots: new Slots(concurrentTransactionsMax),
      ids: new TransactionIds(),
      deliveries: new Waits(),
      closing: this.#closing.signal,
      aborting: this.#aborting.signal,
    };
    options.destinations.onUp((serverName) => this.#wake(serverName));
    options.destinations.onHeardFrom((serverName) => this.#queues.get(serverName)?.wake());
  }

  /** Whether anything is being sent; a destination that waits for its time is in the database alone. */
  get isBusy(): boolean {
    return this.#running.size > 0;
  }

  /** Goes on with what an earlier run has left, and looks from time to time who may be asked again. */
  start(): void {
    this.#run(this.#resume());
    const everyMs = Math.min(
      Math.max(this.#options.retryIntervalMsMin / 2, retrySweepMsMin),
      retrySweepMsMax,
    );
    this.#sweeping = setInterval(() => this.#run(this.#retryDue()), everyMs);
    this.#sweeping.unref();
  }

  /** Events that are in the outbox by now, each destination's in ascending order. */
  deliver(pdus: ReadonlyMap<string, readonly QueuedPdu[]>): void {
    // One stretch of the log after the other, so that no destination gets them in another order.
    this.#delivering = this.#delivering.then(() => this.#deliverAll(pdus));
    this.#run(this.#delivering);
  }

  /** EDUs were stored for the destination. */
  deliverStoredEdus(serverName: string): void {
    this.#run(
      this.#withQueue(serverName, { isBehind: false, hasStoredEdus: true }, (queue) =>
        queue.expectStoredEdus(),
      ),
    );
  }

  /** Typing or presence; a destination that fails does not get it. */
  deliverEphemeral(
    serverName: string,
    kind: EphemeralKind,
    key: string,
    content: JsonObject,
  ): void {
    this.#run(
      this.#withQueue(serverName, { isBehind: false, hasStoredEdus: false }, (queue) =>
        queue.addEphemeral(kind, key, content),
      ),
    );
  }

  /** Sends the destination an event that it may have got before. Resolves when it has it or fails, or after a few seconds. */
  async tellAgain(serverName: string, pdu: QueuedPdu): Promise<void> {
    const { destinations } = this.#options;
    await destinations.forgive(serverName);
    const told = this.#parts.deliveries.wait(serverName, tellAgainMsMax, {
      isAwaited: (upTo) => upTo === 'failed' || upTo >= pdu.order,
    });
    this.deliver(new Map([[serverName, [pdu]]]));
    await told;
  }

  /** Ends what is under way, or gives it up after a while: it is in the outbox. */
  async close(): Promise<void> {
    clearInterval(this.#sweeping);
    this.#closing.abort();
    const grace = new AbortController();
    const ended = Promise.all(this.#running).finally(() => grace.abort());
    await Promise.race([
      ended,
      sleep(stopGraceMs, undefined, { signal: grace.signal }).catch(() => {}),
    ]);
    this.#aborting.abort();
    await ended;
  }

  async #deliverAll(pdus: ReadonlyMap<string, readonly QueuedPdu[]>): Promise<void> {
    for (const [serverName, queued] of pdus) {
      const start = { isBehind: false, hasStoredEdus: false };
      await this.#withQueue(serverName, start, (queue) => queue.addPdus(queued));
    }
  }

  /** Gives the destination's queue something, unless the destination is left alone. */
  async #withQueue(
    serverName: string,
    start: QueueStart,
    add: (queue: DestinationQueue) => void,
  ): Promise<void> {
    const { destinations, client } = this.#options;
    const running = this.#queues.get(serverName);
    if (running !== undefined) return add(running);
    if (!client.allows(serverName)) return;
    const failure = await destinations.failureOf(serverName);
    const mayAsk =
      failure === undefined || (await destinations.retryAtMs(serverName)) === undefined;
    const meanwhile = this.#queues.get(serverName);
    if (meanwhile !== undefined) return add(meanwhile);
    if (!mayAsk) return;
    const isBehind = failure !== undefined || this.#isStarting;
    const queue = this.#open(serverName, isBehind ? BEHIND : start);
    if (queue !== undefined) add(queue);
  }

  #wake(serverName: string): void {
    const running = this.#queues.get(serverName);
    if (running === undefined) this.#open(serverName, BEHIND);
    else running.wake();
  }

  #open(
    serverName: string,
    start: QueueStart,
    ended = (): void => {},
  ): DestinationQueue | undefined {
    if (this.#closing.signal.aborted) return undefined;
    const queue = new DestinationQueue(serverName, start, this.#parts, () => {
      this.#queues.delete(serverName);
      ended();
    });
    this.#queues.set(serverName, queue);
    // What is added in this turn goes into the first transaction.
    this.#run(Promise.resolve().then(() => queue.run()));
    return queue;
  }

  async #resume(): Promise<void> {
    const { reader } = this.#options.database;
    for (let after = ''; !this.#closing.signal.aborted;) {
      const names = await readPendingDestinations(reader, after, queuesAtStartMax);
      for (const serverName of names) {
        if (!this.#queues.has(serverName)) this.#open(serverName, BEHIND);
      }
      const last = names.at(-1);
      if (last === undefined) break;
      after = last;
      while (this.#queues.size >= queuesAtStartMax && !this.#closing.signal.aborted) {
        await Promise.race([sleep(100), ...this.#running]);
      }
    }
    this.#isStarting = false;
  }

  async #retryDue(): Promise<void> {
    const { database, now } = this.#options;
    const due = await readDueDestinations(database.reader, now(), concurrentRetriesMax);
    for (const serverName of due) {
      if (this.#retries >= concurrentRetriesMax) return;
      if (this.#queues.has(serverName)) continue;
      this.#retries += 1;
      this.#open(serverName, BEHIND, () => (this.#retries -= 1));
    }
  }

  #run(work: Promise<void>): void {
    const running: Promise<void> = work
      .catch((error: unknown) => {
        this.#options.logger.error({ err: error }, 'something was not sent to other servers');
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }
}
