import { boundedCache } from '../storage/bounded-cache.ts';
import { presenceChangesRememberedMax, presenceUsersMax } from './limits.ts';
import { PresenceDevices } from './presence-devices.ts';
import type { PresenceState, PresenceTimes } from './presence-devices.ts';
import { RemotePresence } from './remote-presence.ts';
import type { SaidPresence } from './remote-presence.ts';

/** What there is to tell of a user. */
export interface PresenceView {
  readonly presence: PresenceState;
  readonly lastActiveTs: number | undefined;
  readonly isCurrentlyActive: boolean;
  readonly statusMessage: string | undefined;
}

interface User {
  readonly devices: PresenceDevices;
  /** In place of devices, for a user of another server. */
  said: RemotePresence | undefined;
  statusMessage: string | undefined;
  /** As others were told last. */
  told: PresenceState;
  toldActive: boolean;
}

/**
 * Who is online (CS API, "Presence"): in memory only, by what the users' devices do and say. `counter` grows with
 * every change that others are told of, which is not each activity: while somebody is currently active, no more are.
 */
export class Presence {
  readonly #times: PresenceTimes;
  readonly #now: () => number;
  readonly #users = boundedCache<number, User>(presenceUsersMax, (_, userNid) =>
    this.#live.delete(userNid),
  );
  /** Users whose presence passes with time. */
  readonly #live = new Set<number>();
  /** The users of the last changes, the newest last. */
  #log: number[] = [];
  #counter = 0;
  readonly #listeners: ((userNid: number) => void)[] = [];

  constructor(times: PresenceTimes, now: () => number) {
    this.#times = times;
    this.#now = now;
  }

  get counter(): number {
    return this.#counter;
  }

  onChange(listener: (userNid: number) => void): void {
    this.#listeners.push(listener);
  }

  /** What the user says, on a device, of being there. A status message stays until the next is set. */
  set(
    userNid: number,
    deviceNid: number,
    state: PresenceState,
    statusMessage: string | undefined,
  ): void {
    const user = this.#user(userNid);
    user.devices.set(deviceNid, state, this.#now());
    const isOtherMessage = user.statusMessage !== statusMessage;
    user.statusMessage = statusMessage;
    this.#refresh(userNid, user, isOtherMessage);
  }

  /** What another server says of its user. */
  receive(userNid: number, said: SaidPresence): void {
    const user = this.#user(userNid);
    user.said = new RemotePresence(said, this.#now());
    const isOtherMessage = user.statusMessage !== said.statusMessage;
    user.statusMessage = said.statusMessage;
    this.#refresh(userNid, user, isOtherMessage);
  }

  /** The device follows `/sync` until the returned function is called, and for a while after. */
  follow(userNid: number, deviceNid: number, state: 'online' | 'unavailable'): () => void {
    const user = this.#user(userNid);
    user.devices.syncStarts(deviceNid, state, this.#now());
    this.#refresh(userNid, user);
    return () => user.devices.syncEnds(deviceNid, this.#now());
  }

  /** The user did something. Of who is not known to be there, it says nothing. */
  active(userNid: number, deviceNid: number): void {
    const user = this.#users.get(userNid);
    if (user === undefined) return;
    user.devices.active(deviceNid, this.#now());
    this.#refresh(userNid, user);
  }

  /** Tells of those who have become idle or gone; called once in a while. */
  expire(): void {
    for (const userNid of this.#live) {
      const user = this.#users.peek(userNid);
      if (user !== undefined) this.#refresh(userNid, user);
    }
  }

  of(userNid: number): PresenceView | undefined {
    const user = this.#users.peek(userNid);
    if (user === undefined) return undefined;
    return {
      presence: user.told,
      lastActiveTs: (user.said ?? user.devices).lastActiveTs,
      isCurrentlyActive: user.toldActive,
      statusMessage: user.statusMessage,
    };
  }

  /** All users of whom something is known, those who changed last first. */
  users(): Iterable<number> {
    return this.#users.keys();
  }

  /** Those who changed above a counter, the newest first; undefined when not all are remembered. */
  changedSince(counter: number): Iterable<number> | undefined {
    const newer = this.#counter - counter;
    if (newer <= 0) return [];
    return newer <= this.#log.length ? new Set(this.#log.slice(-newer).toReversed()) : undefined;
  }

  #user(userNid: number): User {
    const known = this.#users.get(userNid);
    if (known !== undefined) return known;
    const user: User = {
      devices: new PresenceDevices(this.#times),
      said: undefined,
      statusMessage: undefined,
      told: 'offline',
      toldActive: false,
    };
    this.#users.set(userNid, user);
    return user;
  }

  #refresh(userNid: number, user: User, isOtherMessage = false): void {
    const { state, isActive } = (user.said ?? user.devices).at(this.#now());
    if (state === 'offline') this.#live.delete(userNid);
    else this.#live.add(userNid);
    if (state === user.told && isActive === user.toldActive && !isOtherMessage) return;
    user.told = state;
    user.toldActive = isActive;
    this.#counter += 1;
    this.#log.push(userNid);
    if (this.#log.length > presenceChangesRememberedMax) {
      this.#log = this.#log.slice(presenceChangesRememberedMax / 2);
    }
    for (const listener of this.#listeners) listener(userNid);
  }
}
