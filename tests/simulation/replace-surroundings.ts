import { createRequire, syncBuiltinESMExports } from 'node:module';

import type { Random } from './random.ts';
import type { Appointment, VirtualTime } from './virtual-time.ts';

/** What the clock and the random numbers of this process are at the moment. */
export interface Surroundings {
  readonly time: VirtualTime;
  readonly random: Random;
}

const require = createRequire(import.meta.url);

/**
 * Replaces, for the whole process and for good, what a program learns by chance: time, timers, random numbers, and the
 * order in which the threads of the file system and of verifications answer. Node hands the new ones to modules that were loaded before, too.
 * From then on the same surroundings lead to the same run.
 */
export function replaceSurroundings(current: () => Surroundings): void {
  replaceTime(current);
  replaceTimers(() => current().time);
  replaceRandomness(() => current().random);
  replaceVerification();
  replaceFiles();
  syncBuiltinESMExports();
}

function replaceTime(current: () => Surroundings): void {
  Date.now = () => Math.floor(current().time.nowMs);
  // It measures how long something took: nothing takes any time by itself.
  performance.now = () => current().time.nowMs;
}

/** A timer as callers of setTimeout and setInterval know it. */
class VirtualTimer {
  readonly #time: VirtualTime;
  readonly #delayMs: number;
  readonly #isRepeated: boolean;
  readonly #callback: () => void;
  #appointment: Appointment;

  constructor(time: VirtualTime, callback: () => void, delayMs: number, isRepeated: boolean) {
    this.#time = time;
    this.#callback = callback;
    this.#delayMs = Math.max(1, delayMs);
    this.#isRepeated = isRepeated;
    this.#appointment = this.#appoint();
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  refresh(): this {
    this.close();
    this.#appointment = this.#appoint();
    return this;
  }

  close(): this {
    this.#appointment.isOff = true;
    return this;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #appoint(): Appointment {
    return this.#time.after(this.#delayMs, () => {
      if (this.#isRepeated) this.#appointment = this.#appoint();
      this.#callback();
    });
  }
}

type Callback = (...args: unknown[]) => void;

function replaceTimers(time: () => VirtualTime): void {
  const timer =
    (isRepeated: boolean) =>
    (callback: Callback, delayMs = 1, ...args: unknown[]) =>
      new VirtualTimer(time(), () => callback(...args), delayMs, isRepeated);
  const { clearTimeout: clearReal, clearImmediate: clearRealImmediate } = globalThis;
  const clear = (cleared: unknown): void => {
    if (cleared instanceof VirtualTimer) cleared.close();
    else clearReal(cleared as NodeJS.Timeout | undefined);
  };
  const pending = new Set<NodeJS.Immediate>();
  const immediate = (callback: Callback, ...args: unknown[]): NodeJS.Immediate => {
    const made = time().soon(() => {
      pending.delete(made);
      callback(...args);
    });
    pending.add(made);
    return made;
  };
  const clearImmediate = (cleared: NodeJS.Immediate | undefined): void => {
    if (cleared !== undefined && pending.delete(cleared)) time().forgotten();
    clearRealImmediate(cleared);
  };
  const replaced = {
    setTimeout: timer(false),
    setInterval: timer(true),
    setImmediate: immediate,
    clearTimeout: clear,
    clearInterval: clear,
    clearImmediate,
  };
  Object.assign(globalThis, replaced);
  Object.assign(require('node:timers'), replaced);
  Object.assign(require('node:timers/promises'), {
    setTimeout: (delayMs = 1, value?: unknown, options: SleepOptions = {}) =>
      sleep(time(), delayMs, value, options),
    setImmediate: (value: unknown) =>
      new Promise((resolve) => {
        immediate(() => resolve(value));
      }),
  });
}

interface SleepOptions {
  readonly signal?: AbortSignal;
}

function sleep(
  time: VirtualTime,
  delayMs: number,
  value: unknown,
  { signal }: SleepOptions,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const aborted = (): Error =>
      Object.assign(new Error('The operation was aborted', { cause: signal?.reason }), {
        name: 'AbortError',
        code: 'ABORT_ERR',
      });
    if (signal?.aborted === true) {
      reject(aborted());
      return;
    }
    const giveUp = (): void => {
      appointment.isOff = true;
      reject(aborted());
    };
    const appointment = time.after(Math.max(1, delayMs), () => {
      signal?.removeEventListener('abort', giveUp);
      resolve(value);
    });
    signal?.addEventListener('abort', giveUp, { once: true });
  });
}

function replaceRandomness(random: () => Random): void {
  Math.random = () => random().next();
  Object.assign(require('node:crypto'), {
    randomBytes: (length: number) => random().bytes(length),
    randomUUID: () => {
      const hex = random().bytes(16).toString('hex');
      return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    },
    randomInt: (first: number, end?: number) =>
      end === undefined ? random().below(first) : random().between(first, end - 1),
  });
}

/** What other threads verify is verified at once. */
function replaceVerification(): void {
  const crypto: Record<string, unknown> = require('node:crypto');
  const { verify } = crypto;
  if (typeof verify !== 'function') throw new Error('there is no crypto.verify');
  crypto['verify'] = (...args: unknown[]): unknown => {
    const callback = args.at(-1);
    if (typeof callback !== 'function') return Reflect.apply(verify, undefined, args);
    const isValid: unknown = Reflect.apply(verify, undefined, args.slice(0, -1));
    queueMicrotask(() => Reflect.apply(callback, undefined, [null, isValid]));
    return undefined;
  };
}

/** The promises of the file system, each kept at once. */
function replaceFiles(): void {
  const files: Record<string, unknown> = require('node:fs');
  const promises: Record<string, unknown> = require('node:fs/promises');
  for (const name of Object.keys(promises)) {
    const atOnce = files[`${name}Sync`];
    if (typeof atOnce !== 'function' || name === 'open') continue;
    promises[name] = async (...args: unknown[]) => Reflect.apply(atOnce, undefined, args);
  }
}
