import type { Database } from '../storage/database.ts';
import { write } from '../storage/database.ts';
import { deviceSeenStatement } from './device-store.ts';
import type { Sighting } from './device-store.ts';
import { userAgentLengthMax } from './limits.ts';

const FLUSH_EVERY_MS = 60_000;
/** A device that was noted so recently is not noted again: most requests end here. */
const NOTE_EVERY_MS = 5_000;

/** From where a request came. */
export interface RequestOrigin {
  readonly clientAddress: string;
  readonly userAgent: string;
}

/**
 * When devices were last used: in memory, and written together once a minute. Not durable by contract, a
 * crash loses the last minute.
 */
export class LastSeen {
  readonly #database: Database;
  readonly #timer: NodeJS.Timeout;
  readonly #onFault: (error: unknown) => void;
  #pending = new Map<number, Sighting>();
  #flushing: ReadonlyMap<number, Sighting> = new Map();

  constructor(database: Database, onFault: (error: unknown) => void) {
    this.#database = database;
    this.#onFault = onFault;
    this.#timer = setInterval(() => void this.flush(), FLUSH_EVERY_MS).unref();
  }

  note(deviceNid: number, nowMs: number, origin: RequestOrigin): void {
    const known = this.#pending.get(deviceNid);
    if (known !== undefined && nowMs - known.tsMs < NOTE_EVERY_MS) return;
    this.#pending.set(deviceNid, {
      tsMs: nowMs,
      place: {
        ip: origin.clientAddress,
        userAgent: origin.userAgent.slice(0, userAgentLengthMax),
      },
    });
  }

  /** What is newer than the table; undefined if the table has the newest. */
  of(deviceNid: number): Sighting | undefined {
    return this.#pending.get(deviceNid) ?? this.#flushing.get(deviceNid);
  }

  async flush(): Promise<void> {
    if (this.#pending.size === 0) return;
    const flushing = this.#pending;
    this.#pending = new Map();
    this.#flushing = flushing;
    try {
      await write(this.#database, {
        statements: [...flushing].map(([nid, sighting]) => deviceSeenStatement(nid, sighting)),
        positions: 0,
      });
    } catch (error) {
      this.#onFault(error);
    } finally {
      if (this.#flushing === flushing) this.#flushing = new Map();
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }
}
