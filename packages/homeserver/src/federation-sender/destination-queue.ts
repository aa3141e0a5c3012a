import { setTimeout as sleep } from 'node:timers/promises';

import type { JsonObject } from '@soma/protocol';

import type { Attempt, Destinations } from '../federation-client/destinations.ts';
import { FederationError } from '../federation-client/federation-error.ts';
import { write } from '../storage/database.ts';
import type { Database } from '../storage/database.ts';
import type { Waits } from '../streams/waits.ts';
import { EphemeralEdus } from './ephemeral-edus.ts';
import type { EphemeralKind } from './ephemeral-edus.ts';
import {
  edusPerTransactionMax,
  ownFaultPauseMs,
  pdusPerTransactionMax,
  queuedPdusMax,
  storedEdusPerTransactionMax,
} from './limits.ts';
import { sentUpToStatement } from './outbox-rooms-store.ts';
import { dequeueStatements, readStoredEdus } from './outbox-store.ts';
import type { StoredEdu } from './outbox-store.ts';
import { readPdus } from './pdu-store.ts';
import { readNewestOfRooms } from './read-newest-of-rooms.ts';
import type { PduStretch } from './read-newest-of-rooms.ts';
import { sendTransaction } from './send-transaction.ts';
import type { TransactionParts } from './send-transaction.ts';
import type { ServersAlongLog } from './servers-along-log.ts';
import { edusOf, fittingEdus } from './stored-edus.ts';
import type { Transaction } from './transaction.ts';

/** An event that a destination is to get. */
export interface QueuedPdu {
  readonly eventNid: number;
  /** Up to where the destination then has all; several events may share one. */
  readonly order: number;
}

/** How a destination stands when its queue is opened. */
export interface QueueStart {
  /** Whether it may lack events that were to be sent before. */
  readonly isBehind: boolean;
  /** Whether EDUs may be stored for it. */
  readonly hasStoredEdus: boolean;
}

/** What all queues work with. */
export interface QueueParts extends TransactionParts {
  readonly database: Database;
  readonly destinations: Destinations;
  readonly servers: ServersAlongLog;
  /** Told by server name up to which position it has got everything that it was to get, or that it does not take it. */
  readonly deliveries: Waits<string, number | 'failed'>;
  /** Begins nothing new. */
  readonly closing: AbortSignal;
}

const NOTHING: PduStretch = { pdus: [], sentUpTo: undefined };

/**
 * What one destination is to get, while there is something: one transaction at a time, until it has everything or is
 * to be left alone. A destination that is behind first gets the newest of each room, by which it finds the rest.
 */
export class DestinationQueue {
  readonly serverName: string;
  readonly #parts: QueueParts;
  readonly #ended: () => void;
  readonly #ephemeral = new EphemeralEdus();
  #pdus: readonly QueuedPdu[] = [];
  #isBehind: boolean;
  #hasStoredEdus: boolean;
  /** An event came which a destination that is behind finds in the outbox. */
  #hasMissed = false;
  /** Slowly more, so that one room that takes a destination too long does not hold up the others. */
  #roomsAtOnce = 1;
  #wasHeard = false;
  #pausing: AbortController | undefined;

  /** @param ended called at the moment from which on nothing that is added will be sent */
  constructor(serverName: string, start: QueueStart, parts: QueueParts, ended: () => void) {
    this.serverName = serverName;
    this.#parts = parts;
    this.#ended = ended;
    this.#isBehind = start.isBehind;
    this.#hasStoredEdus = start.hasStoredEdus;
  }

  addPdus(pdus: readonly QueuedPdu[]): void {
    if (this.#isBehind) this.#hasMissed = true;
    else if (this.#pdus.length + pdus.length > queuedPdusMax) this.#fallBehind();
    else this.#pdus = [...this.#pdus, ...pdus];
  }

  addEphemeral(kind: EphemeralKind, key: string, content: JsonObject): void {
    this.#ephemeral.put(kind, key, content);
  }

  expectStoredEdus(): void {
    this.#hasStoredEdus = true;
  }

  /** The destination is there: it is not waited for any longer. */
  wake(): void {
    this.#wasHeard = true;
    this.#pausing?.abort();
  }

  async run(): Promise<void> {
    while (await this.#sendNext().catch((error: unknown) => this.#rest(error)));
  }

  /** Whether there is more to do. */
  async #sendNext(): Promise<boolean> {
    const { destinations, closing } = this.#parts;
    const { serverName } = this;
    this.#wasHeard = false;
    const attempt = await destinations.begin(serverName);
    const retryAtMs = await destinations.retryAtMs(serverName);
    if (closing.aborted) return this.#end();
    if (retryAtMs !== undefined) return this.#wasHeard || this.#end();
    const transaction = await this.#gather();
    if (transaction === undefined) return this.#isUnfinished || this.#end();
    try {
      await this.#deliver(transaction);
      return true;
    } catch (error) {
      if (!(error instanceof FederationError)) throw error;
      this.#fallBehind();
      this.#parts.deliveries.tell(serverName, 'failed');
      return closing.aborted ? this.#end() : this.#failed(attempt, error);
    }
  }

  /** Something of this server's own is wrong: the destination is none the worse for it. */
  async #rest(error: unknown): Promise<boolean> {
    const { closing, logger } = this.#parts;
    if (closing.aborted) return this.#end();
    this.#fallBehind();
    const { serverName: server } = this;
    logger.error({ server, err: error }, 'a transaction could not be made or noted');
    await sleep(ownFaultPauseMs, undefined, { ref: false, signal: closing }).catch(() => {});
    return true;
  }

  get #isUnfinished(): boolean {
    return (
      this.#isBehind || this.#hasStoredEdus || this.#pdus.length > 0 || !this.#ephemeral.isEmpty
    );
  }

  #end(): false {
    this.#ended();
    return false;
  }

  /** From now on the outbox alone says what the destination lacks. */
  #fallBehind(): void {
    this.#pdus = [];
    this.#isBehind = true;
    this.#hasMissed = true;
    this.#hasStoredEdus = true;
    this.#roomsAtOnce = 1;
  }

  async #failed(attempt: Attempt, error: FederationError): Promise<boolean> {
    const { destinations, logger } = this.#parts;
    const { serverName } = this;
    if (error.failure === 'not-allowed') return this.#end();
    attempt.failed();
    const failure = await destinations.failureOf(serverName);
    // It was heard from meanwhile, so that this was no failure: what it lacks must not be forgotten.
    if (failure === undefined || this.#wasHeard) return true;
    const forMs = failure.retryIntervalMs;
    logger.info({ server: serverName, err: error, forMs }, 'a destination is left alone');
    return this.#end();
  }

  async #gather(): Promise<Transaction | undefined> {
    const stored = await this.#readStored();
    const { pdus, sentUpTo } = this.#isBehind ? await this.#readNewest() : await this.#readQueued();
    const edus = edusOf(stored);
    edus.push(...this.#ephemeral.take(edusPerTransactionMax - edus.length));
    if (edus.length === 0 && sentUpTo === undefined) return undefined;
    return { pdus, edus, stored, sentUpTo };
  }

  async #readStored(): Promise<readonly StoredEdu[]> {
    if (!this.#hasStoredEdus) return [];
    this.#hasStoredEdus = false;
    const { reader } = this.#parts.database;
    const stored = await readStoredEdus(reader, this.serverName, storedEdusPerTransactionMax);
    const fitting = fittingEdus(stored);
    if (stored.length === storedEdusPerTransactionMax || fitting.length < stored.length) {
      this.#hasStoredEdus = true;
    }
    return fitting;
  }

  async #readQueued(): Promise<PduStretch> {
    const first = firstOf(this.#pdus);
    const nids = first.map(({ eventNid }) => eventNid);
    const pdus = await readPdus(this.#parts.database.reader, nids);
    return { pdus, sentUpTo: first.at(-1)?.order };
  }

  async #readNewest(): Promise<PduStretch> {
    const { database, servers } = this.#parts;
    this.#hasMissed = false;
    const { reader } = database;
    const newest = await readNewestOfRooms(reader, servers, this.serverName, this.#roomsAtOnce);
    if (newest !== undefined) return newest;
    this.#isBehind = this.#hasMissed;
    return NOTHING;
  }

  async #deliver(transaction: Transaction): Promise<void> {
    const { pdus, edus, stored, sentUpTo } = transaction;
    const { serverName } = this;
    if (pdus.length > 0 || edus.length > 0) {
      await sendTransaction(
        serverName,
        transaction,
        { pause: (wait) => this.#pause(wait) },
        this.#parts,
      );
    }
    const statements = [
      ...(sentUpTo === undefined ? [] : [sentUpToStatement(serverName, sentUpTo)]),
      ...dequeueStatements(serverName, stored),
    ];
    if (statements.length > 0) {
      await write(this.#parts.database, { statements, positions: 0 });
    }
    if (sentUpTo !== undefined) this.#parts.deliveries.tell(serverName, sentUpTo);
    this.#pdus = this.#pdus.filter(({ order }) => order > (sentUpTo ?? 0));
    this.#roomsAtOnce = Math.min(2 * this.#roomsAtOnce, pdusPerTransactionMax);
  }

  /** Whether to try once more afterwards; one that has failed before is asked once. */
  async #pause(wait: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    const { closing, destinations } = this.#parts;
    if ((await destinations.failureOf(this.serverName)) !== undefined) return false;
    this.#pausing = new AbortController();
    try {
      await wait(AbortSignal.any([this.#pausing.signal, closing]));
    } catch {
      // It was heard from, or the server stops.
    }
    this.#pausing = undefined;
    if (closing.aborted) return false;
    return this.#wasHeard || (await destinations.failureOf(this.serverName)) === undefined;
  }
}

/** As many as a transaction holds, without parting those of one order. */
function firstOf(pdus: readonly QueuedPdu[]): readonly QueuedPdu[] {
  const first = pdus.slice(0, pdusPerTransactionMax);
  const next = pdus[first.length];
  return next === undefined ? first : first.filter(({ order }) => order !== next.order);
}
