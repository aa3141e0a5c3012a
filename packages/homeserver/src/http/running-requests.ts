import { randomBytes } from 'node:crypto';

/** A request whose handler asked to be told when it is no longer wanted. */
export interface Abortable {
  abort(reason: string): void;
}

/** The requests that are being answered, over all listeners, so that a stop can wait for them. */
export class RunningRequests {
  readonly #prefix = randomBytes(3).toString('hex');
  readonly #abortable = new Set<Abortable>();
  #number = 0;
  #count = 0;
  #isDraining = false;

  get count(): number {
    return this.#count;
  }

  /** True once the server stops: responses then end their connection. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Unique across restarts, for the logs. */
  nextId(): string {
    this.#number += 1;
    return `${this.#prefix}-${this.#number.toString(36)}`;
  }

  started(): void {
    this.#count += 1;
  }

  finished(request: Abortable): void {
    this.#count -= 1;
    if (this.#abortable.size > 0) this.#abortable.delete(request);
  }

  addAbortable(request: Abortable): void {
    this.#abortable.add(request);
    if (this.#isDraining) request.abort(stopReason);
  }

  /** Long polls are told to answer what they have. */
  drain(): void {
    this.#isDraining = true;
    for (const request of this.#abortable) request.abort(stopReason);
  }
}

const stopReason = 'The server is stopping';
