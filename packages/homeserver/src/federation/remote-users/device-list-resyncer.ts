import { write } from '../../storage/database.ts';
import { Lanes } from '../../streams/lanes.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { resyncsOfServerAtOnce, serversResyncedAtOnce } from './limits.ts';
import type { RemoteUserLists } from './remote-user-lists.ts';
import { resyncDeviceList } from './resync-device-list.ts';
import { hurryStatement, readResyncMarks, readServersToResync } from './resync-store.ts';

/** Many updates of one user come one after the other, and one fetch answers them all. */
const REST_MS = 100;
/** Longer than this it does not sleep, however far the next mark is. */
const SLEEP_MS_MAX = 3_600_000;
/** After a fault of its own, such as a database that does not answer. */
const FAULT_PAUSE_MS = 10_000;

/**
 * Fetches the device lists that are marked, from now on and from before the last stop: some servers at once, in turn, so
 * that a slow one holds up only its own.
 */
export class DeviceListResyncer {
  readonly #lists: RemoteUserLists;
  readonly #logger: Logger;
  readonly #servers: Lanes<string>;
  #isClosed = false;

  constructor(lists: RemoteUserLists, logger: Logger) {
    this.#lists = lists;
    this.#logger = logger;
    this.#servers = new Lanes({
      atOnce: serversResyncedAtOnce,
      run: (serverName) => this.#fetchSome(serverName),
    });
  }

  /** Takes up what was left when the server stopped. */
  async resume(): Promise<void> {
    const names = await readServersToResync(this.#lists.database.reader);
    for (const serverName of names) this.#servers.wake(serverName);
  }

  /** A list of the server was marked. */
  wake(serverName: string): void {
    this.#servers.wakeWithin(serverName, REST_MS);
  }

  /** A server that failed is up again: its lists are tried at once. */
  async serverIsUp(serverName: string): Promise<void> {
    const { database, now } = this.#lists;
    const statements = [hurryStatement(serverName, now())];
    await write(database, { statements, positions: 0 });
    this.wake(serverName);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#servers.close();
  }

  /** Resolves to how long the server's other lists wait; undefined where there are none. */
  async #fetchSome(serverName: string): Promise<number | undefined> {
    const { database, now } = this.#lists;
    try {
      const marks = await readResyncMarks(database.reader, serverName, resyncsOfServerAtOnce);
      const due = marks.filter(({ nextTryTs }) => nextTryTs <= now());
      await Promise.all(due.map((mark) => resyncDeviceList(this.#lists, mark)));
      if (due.length > 0) return 0;
      const next = marks[0];
      return next === undefined ? undefined : Math.min(next.nextTryTs - now(), SLEEP_MS_MAX);
    } catch (error) {
      if (this.#isClosed) return undefined;
      const fault = { err: error, server: serverName };
      this.#logger.error(fault, 'device lists were not fetched; it is tried again');
      return FAULT_PAUSE_MS;
    }
  }
}
