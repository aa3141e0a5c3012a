import type { Database } from '../storage/database.ts';
import { readTornRooms } from './gap-store.ts';

/** Which rooms have a history with gaps, so that nothing is asked about the others. */
export class TornRooms {
  readonly #database: Database;
  readonly #roomNids = new Set<number>();
  #loading: Promise<void> | undefined;
  #isLoaded = false;

  constructor(database: Database) {
    this.#database = database;
  }

  /** True also for some whose gaps have been filled since. */
  has(roomNid: number): boolean | Promise<boolean> {
    if (this.#isLoaded) return this.#roomNids.has(roomNid);
    this.#loading ??= this.#load();
    return this.#loading.then(() => this.#roomNids.has(roomNid));
  }

  /** Is told of a gap before it is committed. */
  add(roomNid: number): void {
    this.#roomNids.add(roomNid);
  }

  async #load(): Promise<void> {
    for (const roomNid of await readTornRooms(this.#database.reader)) this.add(roomNid);
    this.#isLoaded = true;
  }
}
