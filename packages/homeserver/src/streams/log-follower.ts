import { readAt, write } from '../storage/database.ts';
import type { Database } from '../storage/database.ts';
import type { Reader, Statement } from '../storage/sql.ts';
import type { Logger } from '../telemetry/logger.ts';
import { moveCursorStatement, readCursor } from './cursor-store.ts';

/** After a commit the index waits so long for more, so that it does not cost each message a commit of its own. */
const REST_MS = 500;
/** While others go on writing it rests again, this often at most and until so much has come together: it is asked for
 * what is missing before a search, and what comes in one commit costs less than half of what comes in many. */
const RESTS_MAX = 20;
const LAG_MAX = 10_000;

/** A cursor is stored when it has moved so far, even if nothing on the way mattered: a restart need not read it again. */
const CURSOR_LAG_MAX = 10_000;

/** What an index takes from the log. */
export interface FollowedIndex {
  /** The name of its cursor. */
  readonly name: string;
  /** What the stretch above a position brings, and where it ends; at most at `upTo`. */
  read(reader: Reader, above: number, upTo: number): Promise<LogStep>;
  /** Where somebody waits for it: how long to rest after a commit, once. */
  readonly restMs?: number;
  /** Whether nothing can matter at the moment, so that the log is passed over unread. */
  isIdle?(): boolean;
  /** What a step brought is committed. */
  stepped?(): void;
}

export interface LogStep {
  readonly statements: readonly Statement[];
  readonly upTo: number;
}

/** Follows the log for one index, from a stored cursor, so that it goes on where it stopped. */
export class LogFollower {
  readonly #database: Database;
  readonly #logger: Logger;
  readonly #index: FollowedIndex;
  #position: number;
  #storedPosition: number;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(database: Database, logger: Logger, index: FollowedIndex, position: number) {
    this.#database = database;
    this.#logger = logger;
    this.#index = index;
    this.#position = position;
    this.#storedPosition = position;
  }

  static async open(
    database: Database,
    logger: Logger,
    index: FollowedIndex,
  ): Promise<LogFollower> {
    const position = await readCursor(database.reader, index.name);
    const follower = new LogFollower(database, logger, index, position);
    database.onCommit(() => follower.#wake());
    follower.#wake();
    return follower;
  }

  /** Resolves when everything that was committed before is in the index. */
  async catchUp(): Promise<void> {
    const goal = this.#database.position;
    while (this.#position < goal && !this.#closed) await this.#run();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    // Its failure was told to whoever waited for it; the cursor has not moved.
    await this.#running?.catch(() => undefined);
  }

  #wake(): void {
    if (this.#timer === undefined) this.#rest(this.#database.position, 1);
  }

  #rest(seen: number, rests: number): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const { position } = this.#database;
      if (this.#position >= position) return;
      const isQuiet =
        position === seen || rests >= (this.#index.restMs === undefined ? RESTS_MAX : 1);
      if (!isQuiet && position - this.#position < LAG_MAX) {
        this.#rest(position, rests + 1);
        return;
      }
      this.#run().catch((error: unknown) => {
        this.#logger.error(
          { err: error },
          `the index '${this.#index.name}' fell behind; it tries again`,
        );
        this.#wake();
      });
    }, this.#index.restMs ?? REST_MS);
    this.#timer.unref();
  }

  #run(): Promise<void> {
    this.#running ??= this.#follow().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #follow(): Promise<void> {
    while (!this.#closed) {
      const above = this.#position;
      if (this.#index.isIdle?.() === true) {
        this.#position = this.#database.position;
        return;
      }
      const step = await readAt(this.#database, async (reader, position) =>
        above < position ? this.#index.read(reader, above, position) : undefined,
      );
      if (step === undefined) return;
      const { statements, upTo } = step;
      if (statements.length > 0 || upTo - this.#storedPosition > CURSOR_LAG_MAX) {
        const moved = moveCursorStatement(this.#index.name, upTo);
        await write(this.#database, { statements: [...statements, moved], positions: 0 });
        this.#storedPosition = upTo;
      }
      this.#position = upTo;
      if (statements.length > 0) this.#index.stepped?.();
    }
  }
}
