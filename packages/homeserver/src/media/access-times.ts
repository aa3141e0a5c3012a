import type { Database } from '../storage/database.ts';
import { write } from '../storage/database.ts';
import type { Logger } from '../telemetry/logger.ts';
import { accessFlushMs } from './limits.ts';
import { touchStatement } from './media-store.ts';

/** When media was last read: in memory, and written together. Not durable by contract. */
export class AccessTimes {
  readonly #database: Database;
  readonly #logger: Logger;
  readonly #timer: NodeJS.Timeout;
  #pending = new Map<number, number>();

  constructor(database: Database, logger: Logger) {
    this.#database = database;
    this.#logger = logger;
    this.#timer = setInterval(() => void this.flush(), accessFlushMs).unref();
  }

  note(mediaNid: number, nowMs: number): void {
    this.#pending.set(mediaNid, nowMs);
  }

  async flush(): Promise<void> {
    if (this.#pending.size === 0) return;
    const pending = this.#pending;
    this.#pending = new Map();
    try {
      const statements = [...pending].map(([nid, nowMs]) => touchStatement(nid, nowMs));
      await write(this.#database, { statements, positions: 0 });
    } catch (error) {
      this.#logger.warn({ err: error }, 'when media was last read could not be written');
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }
}
