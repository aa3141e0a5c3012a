/** Where lines end up; takes many at once. */
export interface LineSink {
  write(text: string): unknown;
}

/**
 * Collects lines and hands them on together: a write per line costs more than the line itself.
 * A line waits at most `waitMsMax`.
 */
export class LineBuffer {
  readonly #sink: LineSink;
  readonly #charactersMax: number;
  readonly #waitMsMax: number;
  #text = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(sink: LineSink, charactersMax: number, waitMsMax: number) {
    this.#sink = sink;
    this.#charactersMax = charactersMax;
    this.#waitMsMax = waitMsMax;
  }

  write(line: string): void {
    this.#text += line;
    if (this.#text.length >= this.#charactersMax) {
      this.flush();
    } else {
      // Must not keep a process alive that has nothing else to do; it flushes when it exits.
      this.#timer ??= setTimeout(() => this.flush(), this.#waitMsMax).unref();
    }
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#text === '') return;
    const text = this.#text;
    this.#text = '';
    this.#sink.write(text);
  }
}
