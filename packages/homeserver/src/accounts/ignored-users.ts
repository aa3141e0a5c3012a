import { isJsonObject } from '@soma/protocol';

import { ChangeKind } from '../storage/change.ts';
import type { Database } from '../storage/database.ts';
import type { InternedNames } from '../storage/names-store.ts';
import {
  GLOBAL,
  IGNORED_USERS,
  readAccountDataEntry,
  readUsersIgnoringSomebody,
} from './account-data-store.ts';

/** User nids; undefined for none. */
export type MaybeUsers = ReadonlySet<number> | undefined;

const NOBODY: ReadonlySet<string> = new Set();

/**
 * Who ignores whom, in memory: it is asked for every event that somebody reads, and by each event for who may be
 * notified of it. Those who ignore somebody are few.
 */
export class IgnoredUsers {
  readonly #database: Database;
  readonly #names: InternedNames;
  readonly #ignoredBy = new Map<number, ReadonlySet<string>>();
  /** User ID → nids of those who ignore that user. */
  readonly #ignoring = new Map<string, Set<number>>();
  /** Users whose list has changed and is being read. */
  readonly #reading = new Map<number, Promise<void>>();

  private constructor(database: Database, names: InternedNames) {
    this.#database = database;
    this.#names = names;
  }

  /** Reads all lists, and follows every change of one. */
  static async open(database: Database, names: InternedNames): Promise<IgnoredUsers> {
    const ignored = new IgnoredUsers(database, names);
    database.onCommit((committed) => {
      for (const { change } of committed) {
        for (const { kind, subject } of change.touches ?? []) {
          if (kind === ChangeKind.ignoredUsers) ignored.#readAgain(subject);
        }
      }
    });
    for (const userNid of await readUsersIgnoringSomebody(database.reader)) {
      ignored.#readAgain(userNid);
    }
    await Promise.all(ignored.#reading.values());
    return ignored;
  }

  /** The users whom a user ignores, the user apart. */
  of(userNid: number): ReadonlySet<string> | Promise<ReadonlySet<string>> {
    const reading = this.#reading.get(userNid);
    const known = (): ReadonlySet<string> => this.#ignoredBy.get(userNid) ?? NOBODY;
    return reading === undefined ? known() : reading.then(known);
  }

  /** Nids of the users who ignore this one. */
  ignoring(userId: string): MaybeUsers | Promise<MaybeUsers> {
    if (this.#reading.size === 0) return this.#ignoring.get(userId);
    return Promise.allSettled(this.#reading.values()).then(() => this.#ignoring.get(userId));
  }

  #readAgain(userNid: number): void {
    const read = (): Promise<void> => this.#read(userNid);
    const before = this.#reading.get(userNid) ?? Promise.resolve();
    const reading = before.then(read, read).finally(() => {
      if (this.#reading.get(userNid) === reading) this.#reading.delete(userNid);
    });
    this.#reading.set(userNid, reading);
    // Whoever asks is told of a failure; the list stays as it was until the next change.
    reading.catch(ignore);
  }

  async #read(userNid: number): Promise<void> {
    const { reader } = this.#database;
    const content = await readAccountDataEntry(reader, userNid, GLOBAL, IGNORED_USERS);
    const list = content === undefined ? [] : parseList(content);
    const own = await this.#names.users.text(userNid);
    this.#put(
      userNid,
      list.filter((userId) => userId !== own),
    );
  }

  #put(userNid: number, list: readonly string[]): void {
    for (const userId of this.#ignoredBy.get(userNid) ?? NOBODY) {
      const others = this.#ignoring.get(userId);
      others?.delete(userNid);
      if (others?.size === 0) this.#ignoring.delete(userId);
    }
    if (list.length === 0) this.#ignoredBy.delete(userNid);
    else this.#ignoredBy.set(userNid, new Set(list));
    for (const userId of list) {
      const others = this.#ignoring.get(userId) ?? new Set();
      this.#ignoring.set(userId, others.add(userNid));
    }
  }
}

function ignore(): void {}

/** Clients may have written anything; what makes no sense ignores nobody. */
function parseList(content: string): string[] {
  const parsed: unknown = JSON.parse(content);
  const users = isJsonObject(parsed) ? parsed['ignored_users'] : undefined;
  return isJsonObject(users) ? Object.keys(users) : [];
}
