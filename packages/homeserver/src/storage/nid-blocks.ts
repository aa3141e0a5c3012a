import type { Database } from './database.ts';
import { write } from './database.ts';
import { query, statement } from './sql.ts';

const reserveBlock = query<{ next_nid: number }>(
  `insert into nid_blocks (kind, next_nid) values (?, 1 + ?)
   on conflict (kind) do update set next_nid = nid_blocks.next_nid + ?
   returning next_nid`,
);

/**
 * Integers that stand for texts, taken from blocks reserved for this process (DATA-MODEL, Interned names):
 * no request waits for a number but one in ten thousand.
 */
export class NidBlocks {
  readonly #database: Database;
  readonly #kind: string;
  readonly #size: number;
  #next = 0;
  #end = 0;
  #spare: { next: number; end: number } | undefined;
  #reserving: Promise<void> | undefined;

  constructor(database: Database, kind: string, size: number) {
    this.#database = database;
    this.#kind = kind;
    this.#size = size;
  }

  /** One number, waiting for a block where none is at hand. */
  async next(): Promise<number> {
    for (let wait = this.ready(1); wait !== undefined; wait = this.ready(1)) await wait;
    return this.take();
  }

  /**
   * Nothing when {@link take} can be called `count` times at once, else what to wait for before asking
   * again; `count` is at most the block's size.
   */
  ready(count: number): Promise<void> | undefined {
    const left = this.#end - this.#next;
    if (this.#spare === undefined && left < Math.max(count, this.#size / 2)) {
      this.#reserving ??= this.#reserveInAdvance();
    }
    return left >= count || this.#spare !== undefined ? undefined : this.#reserving;
  }

  /** A number that {@link ready} has promised. */
  take(): number {
    if (this.#next >= this.#end) {
      if (this.#spare === undefined) throw new Error(`no ${this.#kind} nid is reserved`);
      this.#next = this.#spare.next;
      this.#end = this.#spare.end;
      this.#spare = undefined;
    }
    const nid = this.#next;
    this.#next += 1;
    return nid;
  }

  /** A failure concerns those alone who wait for the block. */
  #reserveInAdvance(): Promise<void> {
    const reserving = this.#reserve();
    reserving.catch(() => undefined);
    return reserving;
  }

  async #reserve(): Promise<void> {
    try {
      const applied = await write(this.#database, {
        statements: [statement(reserveBlock, this.#kind, this.#size, this.#size)],
        returning: [0],
        positions: 0,
      });
      const end = Number(applied.rows[0]?.[0]?.['next_nid']);
      const block = { next: end - this.#size, end };
      if (this.#next >= this.#end) {
        this.#next = block.next;
        this.#end = block.end;
      } else {
        this.#spare = block;
      }
    } finally {
      this.#reserving = undefined;
    }
  }
}
