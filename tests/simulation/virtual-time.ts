import { AsyncLocalStorage } from 'node:async_hooks';

/** Something that is to happen; whoever holds it may call it off. */
export interface Appointment {
  readonly atMs: number;
  readonly number: number;
  readonly owner: unknown;
  readonly run: () => void;
  isOff: boolean;
}

/** The real ones, which are replaced for everybody else. */
const { setImmediate: realImmediate } = globalThis;

/**
 * A clock that goes on only when nothing is left to do: then it jumps to what is to happen next. Whatever happens,
 * happens on behalf of an owner, whose appointments can all be called off at once.
 */
export class VirtualTime {
  readonly #owners = new AsyncLocalStorage<unknown>();
  /** A binary heap by time and number. */
  readonly #heap: Appointment[] = [];
  #number = 0;
  #nowMs: number;
  /** Callbacks of setImmediate that have not run. */
  #immediates = 0;
  #steps = 0;

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** How much has happened. */
  get steps(): number {
    return this.#steps;
  }

  /** On whose behalf the caller runs. */
  get owner(): unknown {
    return this.#owners.getStore();
  }

  actAs<T>(owner: unknown, body: () => T): T {
    return this.#owners.run(owner, body);
  }

  after(delayMs: number, run: () => void): Appointment {
    const atMs = this.#nowMs + Math.max(0, Number.isFinite(delayMs) ? delayMs : 1);
    this.#number += 1;
    const resume = AsyncLocalStorage.snapshot();
    const { owner } = this;
    const made = { atMs, number: this.#number, owner, run: () => resume(run), isOff: false };
    push(this.#heap, made);
    return made;
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(delayMs, resolve);
    });
  }

  callOff(owner: unknown): void {
    for (const each of this.#heap) if (each.owner === owner) each.isOff = true;
  }

  /** As setImmediate: runs when what is under way now is done, before the clock goes on. */
  soon(run: () => void): NodeJS.Immediate {
    this.#immediates += 1;
    return realImmediate(() => {
      this.#immediates -= 1;
      run();
    });
  }

  /** An immediate that {@link soon} has made will not run. */
  forgotten(): void {
    this.#immediates -= 1;
  }

  /** Lets everything happen that happens up to then; or until `isDone`. */
  async runUntil(endMs: number, isDone: () => boolean = () => false): Promise<void> {
    await this.#settle();
    while (!isDone()) {
      const [next] = this.#heap;
      if (next === undefined || next.atMs > endMs) {
        this.#nowMs = Math.max(this.#nowMs, endMs);
        return;
      }
      pop(this.#heap);
      if (next.isOff) continue;
      this.#nowMs = next.atMs;
      this.#steps += 1;
      next.run();
      await this.#settle();
    }
  }

  /** All that can go on without the clock has gone on. */
  async #settle(): Promise<void> {
    do {
      await new Promise<void>((resolve) => {
        realImmediate(resolve);
      });
    } while (this.#immediates > 0);
  }
}

function isBefore(one: Appointment, other: Appointment): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.number < other.number);
}

function push(heap: Appointment[], added: Appointment): void {
  let place = heap.length;
  while (place > 0) {
    const parent = (place - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || isBefore(above, added)) break;
    heap[place] = above;
    place = parent;
  }
  heap[place] = added;
}

function pop(heap: Appointment[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let place = 0;
  for (;;) {
    const left = heap[2 * place + 1];
    const right = heap[2 * place + 2];
    const isRight = left !== undefined && right !== undefined && isBefore(right, left);
    const lesser = isRight ? right : left;
    if (lesser === undefined || isBefore(last, lesser)) break;
    heap[place] = lesser;
    place = 2 * place + (isRight ? 2 : 1);
  }
  heap[place] = last;
}
