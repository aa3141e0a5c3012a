import {
  typingChangesRememberedMax,
  typingTimeoutDefaultMs,
  typingTimeoutMaxMs,
  typingUsersMax,
} from './limits.ts';

/** Told of a room in which somebody began or stopped typing. */
export type TypingListener = (roomNid: number) => void;

/**
 * Who is typing where: in memory only, and gone by itself (CS API, "Typing Notifications"). `counter` grows with
 * every change; a sync token carries it, together with the process that it belongs to.
 */
export class Typing {
  /** By room: user ID → the timer that ends it. */
  readonly #rooms = new Map<number, Map<string, NodeJS.Timeout>>();
  /** The rooms of the last changes, the newest last. */
  #log: number[] = [];
  readonly #listeners: TypingListener[] = [];
  #counter = 0;
  #users = 0;

  get counter(): number {
    return this.#counter;
  }

  /** In the order in which they began. */
  usersTyping(roomNid: number): readonly string[] {
    return [...(this.#rooms.get(roomNid)?.keys() ?? [])];
  }

  /** Rooms that changed above a counter of this process; of the oldest changes, those where somebody types still. */
  roomsChangedSince(counter: number): Iterable<number> {
    const newer = this.#counter - counter;
    if (newer <= 0) return [];
    if (newer <= this.#log.length) return new Set(this.#log.slice(-newer));
    return new Set([...this.#rooms.keys(), ...this.#log]);
  }

  onChange(listener: TypingListener): void {
    this.#listeners.push(listener);
  }

  start(roomNid: number, userId: string, timeoutMs: number = typingTimeoutDefaultMs): void {
    const users = this.#rooms.get(roomNid) ?? new Map<string, NodeJS.Timeout>();
    const running = users.get(userId);
    if (running === undefined && this.#users >= typingUsersMax) return;
    clearTimeout(running);
    const timer = setTimeout(
      () => this.stop(roomNid, userId),
      Math.min(timeoutMs, typingTimeoutMaxMs),
    );
    timer.unref();
    users.set(userId, timer);
    if (running !== undefined) return;
    this.#rooms.set(roomNid, users);
    this.#users += 1;
    this.#changed(roomNid);
  }

  stop(roomNid: number, userId: string): void {
    const users = this.#rooms.get(roomNid);
    const running = users?.get(userId);
    if (users === undefined || running === undefined) return;
    clearTimeout(running);
    users.delete(userId);
    if (users.size === 0) this.#rooms.delete(roomNid);
    this.#users -= 1;
    this.#changed(roomNid);
  }

  #changed(roomNid: number): void {
    this.#counter += 1;
    this.#log.push(roomNid);
    if (this.#log.length > typingChangesRememberedMax) {
      this.#log = this.#log.slice(typingChangesRememberedMax / 2);
    }
    for (const listener of this.#listeners) listener(roomNid);
  }
}
