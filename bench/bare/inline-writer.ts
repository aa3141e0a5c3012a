import { RowTable, type RowWriter } from './writer.ts';

/** Commits on the server's own thread, after all sockets that are readable now were read. */
export class InlineWriter implements RowWriter {
  readonly #table: RowTable;
  #rows: string[] = [];
  #waiting: (() => void)[] = [];

  constructor(path: string) {
    this.#table = new RowTable(path);
  }

  write(json: string, done: () => void): void {
    if (this.#rows.length === 0) setImmediate(() => this.#flush());
    this.#rows.push(json);
    this.#waiting.push(done);
  }

  async close(): Promise<void> {
    if (this.#rows.length > 0) this.#flush();
    this.#table.close();
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#table.insert(this.#rows);
    this.#rows = [];
    this.#waiting = [];
    for (const done of waiting) done();
  }
}
