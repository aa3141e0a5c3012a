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
  /** By device, where the user waits on one. */
  readonly #devices = new Map<number, Set<Waiter>>();
  /** Who waits for one room, whether a member of it or not. */
  readonly #peekers = new Map<number, Set<Waiter>>();

  /**
   * Waits until something concerns the user, or the device. Call it in the same turn as the check that nothing does
   * yet.
   */
  wait(
    userNid: number,
    timeoutMs: number,
    signal: AbortSignal,
    deviceNid?: number,
  ): Promise<WaitEnd> {
    const places: Place[] = [[this.#waiters, userNid]];
    if (deviceNid !== undefined) places.push([this.#devices, deviceNid]);
    return waitIn(places, timeoutMs, signal);
  }

  /** The same for what happens in one room. */
  waitForRoom(roomNid: number, timeoutMs: number, signal: AbortSignal): Promise<WaitEnd> {
    return waitIn([[this.#peekers, roomNid]], timeoutMs, signal);
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
        else if (kind === ChangeKind.toDevice) this.#wakeDevice(subject);
        else if (kind !== ChangeKind.token) this.wakeUser(subject);
      }
    }
  }

  /** Something that is not in the log happened in a room: typing. */
  wakeRoom(roomNid: number): void {
    for (const waiter of this.#peekers.get(roomNid) ?? []) waiter.end('changed');
    if (this.#waiters.size === 0) return;
    for (const userNid of this.#audiences.get(roomNid) ?? []) this.wakeUser(userNid);
  }

  /**
   * Something that can wait happened in these rooms: presence. At most so many users are woken, those in the
   * smallest rooms first; the others see it with what wakes them next.
   */
  wakeSome(roomNids: Iterable<number>, usersMax: number): void {
    const audiences = [...roomNids].flatMap((roomNid) => this.#audiences.get(roomNid) ?? []);
    const woken = new Set<number>();
    for (const audience of audiences.toSorted((a, b) => a.size - b.size)) {
      for (const userNid of audience) {
        if (woken.size >= usersMax) return;
        if (!this.#waiters.has(userNid)) continue;
        woken.add(userNid);
        this.wakeUser(userNid);
      }
    }
  }

  /** The rooms that concern a user who polls; undefined for who does not. */
  roomsOf(userNid: number): readonly number[] | undefined {
    return this.#rooms.get(userNid);
  }

  wakeUser(userNid: number): void {
    for (const waiter of this.#waiters.get(userNid) ?? []) waiter.end('changed');
  }

  #wakeDevice(deviceNid: number): void {
    for (const waiter of this.#devices.get(deviceNid) ?? []) waiter.end('changed');
  }
}

/** Where a waiter is found. */
type Place = readonly [all: Map<number, Set<Waiter>>, key: number];

function waitIn(
  places: readonly Place[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<WaitEnd> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve('aborted');
      return;
    }
    const end = (reason: WaitEnd): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      for (const [all, key] of places) {
        const waiters = all.get(key);
        waiters?.delete(waiter);
        if (waiters?.size === 0) all.delete(key);
      }
      resolve(reason);
    };
    const waiter: Waiter = { end };
    const onAbort = (): void => end('aborted');
    const timer = setTimeout(() => end('timeout'), timeoutMs);
    signal.addEventListener('abort', onAbort);
    for (const [all, key] of places) {
      const waiters = all.get(key);
      if (waiters === undefined) all.set(key, new Set([waiter]));
      else waiters.add(waiter);
    }
  });
}
