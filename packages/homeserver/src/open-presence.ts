import type { JsonObject } from '@soma/protocol';

import type { PresenceConfig } from './config/config.ts';
import { presenceExpiryIntervalMs } from './ephemeral/limits.ts';
import { Presence } from './ephemeral/presence.ts';
import { readJoinedRooms, readUsersSharingWith } from './membership/membership-store.ts';
import type { Database } from './storage/database.ts';
import type { Notifier } from './streams/notifier.ts';
import type { PresenceSource } from './sync/sync-context.ts';
import type { Logger } from './telemetry/logger.ts';

/** Presence with its clock; nothing is followed where it is turned off. */
export interface OpenPresence {
  /** Undefined where it is turned off. */
  readonly presence: Presence | undefined;
  readonly source: PresenceSource;
  /** Wakes the long polls of those who see a change, from now on. */
  wake(notifier: Notifier, logger: Logger): void;
  close(): void;
}

/** Changes within this time wake others once. */
const WAKE_DELAY_MS = 500;
/** More users are not woken at once: presence then comes with what wakes them next. */
const WOKEN_MAX = 250;

export function openPresence(
  config: PresenceConfig,
  database: Database,
  now: () => number,
): OpenPresence {
  const presence = new Presence(config, now);
  const waker = new Waker(presence, database);
  const interval = config.enabled
    ? setInterval(() => presence.expire(), presenceExpiryIntervalMs).unref()
    : undefined;
  return {
    presence: config.enabled ? presence : undefined,
    source: {
      get counter() {
        return presence.counter;
      },
      get toldCounter() {
        return waker.toldCounter;
      },
      changedSince: (counter) => presence.changedSince(counter),
      knownUsers: () => knownUsers(presence, config.includeOfflineUsersOnSync),
      contentOf: (userNid) => contentOf(presence, userNid, now()),
      sharing: readUsersSharingWith,
    },
    wake: (notifier, logger) => waker.open(notifier, logger),
    close: () => {
      clearInterval(interval);
      waker.close();
    },
  };
}

/** Wakes those who see a change of presence, for many changes at once. */
class Waker {
  readonly #presence: Presence;
  readonly #database: Database;
  readonly #pending = new Set<number>();
  #timer: NodeJS.Timeout | undefined;
  #toldCounter = 0;

  constructor(presence: Presence, database: Database) {
    this.#presence = presence;
    this.#database = database;
  }

  /** Up to which change waiting syncs have been woken. */
  get toldCounter(): number {
    return this.#toldCounter;
  }

  open(notifier: Notifier, logger: Logger): void {
    this.#presence.onChange((userNid) => {
      this.#pending.add(userNid);
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#wake(notifier).catch((error: unknown) =>
          logger.error({ err: error }, 'presence was not told to those who wait for it'),
        );
      }, WAKE_DELAY_MS).unref();
    });
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  async #wake(notifier: Notifier): Promise<void> {
    const users = [...this.#pending];
    this.#pending.clear();
    this.#toldCounter = this.#presence.counter;
    const rooms = new Set<number>();
    for (const userNid of users) {
      const joined =
        notifier.roomsOf(userNid) ?? (await readJoinedRooms(this.#database.reader, userNid));
      for (const roomNid of joined) rooms.add(roomNid);
      notifier.wakeUser(userNid);
    }
    notifier.wakeSome(rooms, WOKEN_MAX);
  }
}

function* knownUsers(presence: Presence, includesOffline: boolean): Iterable<number> {
  for (const userNid of presence.users()) {
    if (includesOffline || presence.of(userNid)?.presence !== 'offline') yield userNid;
  }
}

/** The content of `m.presence`. */
function contentOf(presence: Presence, userNid: number, now: number): JsonObject | undefined {
  const view = presence.of(userNid);
  if (view === undefined) return undefined;
  const { presence: state, lastActiveTs, isCurrentlyActive, statusMessage } = view;
  return {
    presence: state,
    ...(lastActiveTs === undefined ? {} : { last_active_ago: Math.max(0, now - lastActiveTs) }),
    ...(state === 'online' ? { currently_active: isCurrentlyActive } : {}),
    ...(statusMessage === undefined ? {} : { status_msg: statusMessage }),
  };
}
