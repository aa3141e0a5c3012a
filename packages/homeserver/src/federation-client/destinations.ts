import { boundedCache } from '../storage/bounded-cache.ts';
import { write } from '../storage/database.ts';
import type { Database } from '../storage/database.ts';
import type { Statement } from '../storage/sql.ts';
import {
  clearDestinationFailureStatement,
  readDestinationFailure,
  setDestinationFailureStatement,
} from './destination-store.ts';
import type { DestinationFailure } from './destination-store.ts';
import { serversRememberedMax } from './limits.ts';

export interface DestinationsOptions {
  readonly database: Database;
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly retryIntervalMsMin: number;
  readonly retryIntervalMsMax: number;
  readonly retryMultiplier: number;
  /** Is told of what could not be written; the memory has it all the same. */
  readonly reportFault: (error: unknown) => void;
}

/** One request to a destination; what became of it is told once. */
export interface Attempt {
  succeeded(): void;
  failed(): void;
}

interface Entry {
  readonly failure: DestinationFailure | undefined;
}

/**
 * Which servers are left alone for how long after they failed, shared by all requests to them and kept across
 * restarts. The time grows with each failure, and is over when the server is heard from.
 */
export class Destinations {
  readonly #options: DestinationsOptions;
  readonly #entries = boundedCache<string, Entry>(serversRememberedMax);
  readonly #upListeners: ((serverName: string) => void)[] = [];
  readonly #heardListeners: ((serverName: string) => void)[] = [];
  readonly #writing = new Set<Promise<void>>();

  constructor(options: DestinationsOptions) {
    this.#options = options;
  }

  /** When a server that fails may be asked again; undefined when it may be asked now. */
  async retryAtMs(serverName: string): Promise<number | undefined> {
    const { failure } = await this.#entryOf(serverName);
    if (failure === undefined) return undefined;
    const atMs = failure.lastTriedTs + failure.retryIntervalMs;
    return atMs > this.#options.now() ? atMs : undefined;
  }

  /** What is known of a server that fails. */
  async failureOf(serverName: string): Promise<DestinationFailure | undefined> {
    return (await this.#entryOf(serverName)).failure;
  }

  async begin(serverName: string): Promise<Attempt> {
    const begun = await this.#entryOf(serverName);
    return {
      succeeded: () => this.#markUp(serverName),
      // Requests that failed together are one failure.
      failed: () => {
        if ((this.#entries.get(serverName) ?? begun) === begun) this.#markFailed(serverName, begun);
      },
    };
  }

  /** A server that sends is up: it is asked again at once. */
  async heardFrom(serverName: string): Promise<void> {
    await this.#entryOf(serverName);
    this.#markUp(serverName);
    for (const listener of this.#heardListeners) listener(serverName);
  }

  /** Lets a server that failed be asked again at once. */
  async forgive(serverName: string): Promise<void> {
    await this.#entryOf(serverName);
    this.#markUp(serverName);
  }

  /** Calls `listener` when a server that failed is up again. */
  onUp(listener: (serverName: string) => void): void {
    this.#upListeners.push(listener);
  }

  /** Calls `listener` whenever a server has proved that it is there. */
  onHeardFrom(listener: (serverName: string) => void): void {
    this.#heardListeners.push(listener);
  }

  /** Resolves when what is known is also written. */
  async close(): Promise<void> {
    await Promise.all(this.#writing);
  }

  async #entryOf(serverName: string): Promise<Entry> {
    const known = this.#entries.get(serverName);
    if (known !== undefined) return known;
    const failure = await readDestinationFailure(this.#options.database.reader, serverName);
    const meanwhile = this.#entries.get(serverName);
    if (meanwhile !== undefined) return meanwhile;
    const entry = { failure };
    this.#entries.set(serverName, entry);
    return entry;
  }

  #markUp(serverName: string): void {
    if (this.#entries.get(serverName)?.failure === undefined) return;
    this.#entries.set(serverName, { failure: undefined });
    this.#write(clearDestinationFailureStatement(serverName));
    for (const listener of this.#upListeners) listener(serverName);
  }

  #markFailed(serverName: string, { failure }: Entry): void {
    const nowMs = this.#options.now();
    const next: DestinationFailure = {
      failingSinceTs: failure?.failingSinceTs ?? nowMs,
      lastTriedTs: nowMs,
      retryIntervalMs: this.#intervalAfter(failure),
    };
    this.#entries.set(serverName, { failure: next });
    this.#write(setDestinationFailureStatement(serverName, next));
  }

  #intervalAfter(failure: DestinationFailure | undefined): number {
    const { retryIntervalMsMin, retryIntervalMsMax, retryMultiplier, random } = this.#options;
    const plainMs =
      failure === undefined ? retryIntervalMsMin : failure.retryIntervalMs * retryMultiplier;
    // Servers that fell together are not asked together: 0.8 to 1.4 times, as Synapse.
    const jitter = failure === undefined ? 1 : 0.8 + 0.6 * random();
    return Math.min(Math.round(plainMs * jitter), retryIntervalMsMax);
  }

  #write(statement: Statement): void {
    const written = write(this.#options.database, { statements: [statement], positions: 0 })
      .then(() => {})
      .catch(this.#options.reportFault)
      .finally(() => this.#writing.delete(written));
    this.#writing.add(written);
  }
}
