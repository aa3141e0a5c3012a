import { ChangeKind } from '../storage/change.ts';
import type { Committed } from '../storage/database.ts';

/** Why a wait ended. */
export type WaitEnd = 'changed' | 'timeout' | 'aborted';

interface Waiter {
  end(reason: WaitEnd): void;
}

/**
 * Wakes the long polls that a change concerns. It knows the rooms of the users that poll, and nobody else, so a
 * change costs what the pollers in its rooms cost.
 */
export class Notifier {
  readonly #waiters = new Map<number, Set<Waiter>>();
  readonly #audiences = new Map<number, Set<number>>();
  readonly #rooms = new Map<number, readonly number[]>();

  /** Waits until something concerns the user. Call it in the same turn as the check that nothing does yet. */
  wait(userNid: number, timeoutMs: number, signal: AbortSignal): Promise<WaitEnd> {
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve('aborted');
        return;
      }
      const waiters = this.#waiters.get(userNid) ?? new Set();
      this.#waiters.set(userNid, waiters);
      const end = (reason: WaitEnd): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        waiters.delete(waiter);
        if (waiters.size === 0 && this.#waiters.get(userNid) === waiters) {
          this.#waiters.delete(userNid);
        }
        resolve(reason);
      };
      const waiter: Waiter = { end };
      const onAbort = (): void => end('aborted');
      const timer = setTimeout(() => end('timeout'), timeoutMs);
      signal.addEventListener('abort', onAbort);
      waiters.add(waiter);
    });
  }

  /** Tells which rooms concern the user from now on. */
  follow(userNid: number, roomNids: readonly number[]): void {
    this.unfollow(userNid);
    this.#rooms.set(userNid, roomNids);
    for (const roomNid of roomNids) {
      const audience = this.#audiences.get(roomNid);
      if (audience === undefined) this.#audiences.set(roomNid, new Set([userNid]));
      else audience.add(userNid);
    }
  }

  unfollow(userNid: number): void {
    for (const roomNid of this.#rooms.get(userNid) ?? []) {
      const audience = this.#audiences.get(roomNid);
      audience?.delete(userNid);
      if (audience?.size === 0) this.#audiences.delete(roomNid);
    }
    this.#rooms.delete(userNid);
  }

  onCommit(committed: readonly Committed[]): void {
    for (const { change } of committed) {
      for (const { kind, subject } of change.touches ?? []) {
        if (kind === ChangeKind.room || kind === ChangeKind.receipt) this.wakeRoom(subject);
        else if (kind !== ChangeKind.token) this.wakeUser(subject);
      }
    }
  }

  /** Something that is not in the log happened in a room: typing. */
  wakeRoom(roomNid: number): void {
    if (this.#waiters.size === 0) return;
    for (const userNid of this.#audiences.get(roomNid) ?? []) this.wakeUser(userNid);
  }

  wakeUser(userNid: number): void {
    for (const waiter of this.#waiters.get(userNid) ?? []) waiter.end('changed');
  }
}
