import { write } from '../../storage/database.ts';
import { inTurn } from '../../streams/in-turn.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { resyncsAtOnce } from './limits.ts';
import type { RemoteUserLists } from './remote-user-lists.ts';
import { resyncDeviceList } from './resync-device-list.ts';
import { hurryStatement, readResyncMarks } from './resync-store.ts';

/** Marks that are read at once. */
const MARKS_AT_ONCE = 100;
/** Many updates of one user come one after the other, and one fetch answers them all. */
const REST_MS = 100;
/** Longer than this it does not sleep, however far the next mark is. */
const SLEEP_MS_MAX = 3_600_000;
/** After a fault of its own, such as a database that does not answer. */
const FAULT_PAUSE_MS = 10_000;

/** Fetches the device lists that are marked, from now on and from before the last stop. */
export class DeviceListResyncer {
  readonly #lists: RemoteUserLists;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;
  /** By the clock of the timers, which does not jump. */
  #dueAtMs = Number.POSITIVE_INFINITY;
  #running: Promise<void> | undefined;
  #isClosed = false;

  constructor(lists: RemoteUserLists, logger: Logger) {
    this.#lists = lists;
    this.#logger = logger;
  }

  /** A list was marked, or the server starts. */
  wake(): void {
    this.#sleep(REST_MS);
  }

  /** A server that failed is up again: its lists are tried at once. */
  async serverIsUp(serverName: string): Promise<void> {
    const { database, now } = this.#lists;
    const statements = [hurryStatement(serverName, now())];
    await write(database, { statements, positions: 0 });
    this.wake();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #sleep(delayMs: number): void {
    const atMs = performance.now() + delayMs;
    if (this.#isClosed || atMs >= this.#dueAtMs) return;
    clearTimeout(this.#timer);
    this.#dueAtMs = atMs;
    this.#timer = setTimeout(() => {
      this.#dueAtMs = Number.POSITIVE_INFINITY;
      this.#running ??= this.#work().finally(() => (this.#running = undefined));
    }, delayMs).unref();
  }

  async #work(): Promise<void> {
    try {
      const nextTs = await this.#workThrough();
      if (nextTs === undefined) return;
      this.#sleep(Math.min(Math.max(nextTs - this.#lists.now(), REST_MS), SLEEP_MS_MAX));
    } catch (error) {
      this.#logger.error({ err: error }, 'device lists were not fetched; it is tried again');
      this.#sleep(FAULT_PAUSE_MS);
    }
  }

  /** Until nothing is due; when the next is, undefined where there is none. */
  async #workThrough(): Promise<number | undefined> {
    const { database, now } = this.#lists;
    while (!this.#isClosed) {
      const marks = await readResyncMarks(database.reader, MARKS_AT_ONCE);
      const due = marks.filter(({ nextTryTs }) => nextTryTs <= now());
      if (due.length === 0) return marks[0]?.nextTryTs;
      await inTurn(due, resyncsAtOnce, async (mark) => {
        if (!this.#isClosed) await resyncDeviceList(this.#lists, mark);
      });
    }
    return undefined;
  }
}
