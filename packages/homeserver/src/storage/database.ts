import type { Applied, Change, Outcome, Submitted } from './change.ts';
import { query } from './sql.ts';
import type { Reader } from './sql.ts';

/** A change that a commit holds, as the process's own followers of the log see it. */
export interface Committed {
  readonly change: Change;
  readonly position: number;
}

/** Called once after each commit, in commit order, before the changes' callers go on. */
export type CommitListener = (committed: readonly Committed[], position: number) => void;

export interface Database {
  readonly engine: 'sqlite' | 'postgres';
  /** Random text made with the database (or by `after-restore`); part of every sync token. */
  readonly incarnation: string;
  /** Key of the snapshots' multiset hash: 16 bytes, made with the database, never changed. */
  readonly snapshotKey: Uint8Array;
  /** The position up to which this process has seen everything. */
  readonly position: number;
  /** Resolves once {@link position} is there; undefined when it is. */
  reached(position: number): Promise<void> | undefined;
  /** Single reads: each sees the newest committed state. */
  readonly reader: Reader;
  /** Runs `body` on one committed state. `body` only reads, and does not wait for anything else. */
  read<T>(body: (reader: Reader) => Promise<T>): Promise<T>;
  /** Queues a change. Order of submission is order of application. */
  submit(change: Change): Submitted;
  onCommit(listener: CommitListener): void;
  /** Finishes what was submitted, then closes. */
  close(): Promise<void>;
}

const readClock = query<{ position: number }>('select position from clock where one = 1');

/**
 * Like {@link Database.read}, with the position of the state that is read; everything that this process keeps
 * in memory by then knows all changes up to it.
 */
export function readAt<T>(
  database: Database,
  body: (reader: Reader, position: number) => Promise<T>,
): Promise<T> {
  return database.read(async (reader) => {
    const clock = await reader.get(readClock);
    const position = clock?.position ?? 0;
    const behind = database.reached(position);
    if (behind !== undefined) await behind;
    return body(reader, position);
  });
}

/** A change that was refused where the caller knows no other way on. */
export class ChangeRefused extends Error {
  readonly guard: string;

  constructor(guard: string) {
    super(`a change was refused by its guard '${guard}'`);
    this.name = 'ChangeRefused';
    this.guard = guard;
  }
}

/** Submits a change without guards of its own and waits for its commit. Throws {@link ChangeRefused}. */
export async function write(database: Database, change: Change): Promise<Applied> {
  const outcome: Outcome = await database.submit(change).done;
  if (outcome.outcome === 'refused') throw new ChangeRefused(outcome.guard);
  return outcome;
}
