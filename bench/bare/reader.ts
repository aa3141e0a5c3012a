import { DatabaseSync, type StatementSync } from 'node:sqlite';

/** Reads rows of the bare reference. */
export class BareReader {
  readonly #path: string;
  #newest: StatementSync | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** The JSON texts of the newest events. */
  newest(count: number): string[] {
    // Opened late: the writer makes the file.
    this.#newest ??= new DatabaseSync(this.#path, { readOnly: true }).prepare(
      'select json from events order by position desc limit ?',
    );
    return this.#newest.all(count).map((row) => String(row['json']));
  }
}
