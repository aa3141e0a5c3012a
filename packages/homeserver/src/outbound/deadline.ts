import { OutboundError } from './outbound-error.ts';

/** Ends a request with its last byte, when its time is over, or when its caller gives it up. */
export class Deadline {
  readonly #aborter = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #callerSignal: AbortSignal | undefined;

  constructor(totalMs: number, callerSignal: AbortSignal | undefined) {
    this.#callerSignal = callerSignal;
    this.#timer = setTimeout(() => {
      this.#aborter.abort(new OutboundError('timeout', `not finished within ${totalMs} ms`));
    }, totalMs);
    if (callerSignal?.aborted === true) this.#giveUp();
    else callerSignal?.addEventListener('abort', this.#giveUp, { once: true });
  }

  get signal(): AbortSignal {
    return this.#aborter.signal;
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#callerSignal?.removeEventListener('abort', this.#giveUp);
  }

  readonly #giveUp = (): void => {
    this.#aborter.abort(new OutboundError('aborted', 'the request was given up'));
  };
}
