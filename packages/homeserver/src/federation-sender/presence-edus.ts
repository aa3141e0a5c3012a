import type { JsonObject } from '@soma/protocol';

import { isLocalUser } from '../ephemeral/is-local-user.ts';
import type { Presence } from '../ephemeral/presence.ts';
import { readJoinedRooms, readLocalMembers } from '../membership/membership-store.ts';
import type { Database } from '../storage/database.ts';
import type { Names } from '../storage/names-store.ts';
import type { FederationSender } from './federation-sender.ts';
import { presenceDelayMs, presenceOnArrivalMs } from './limits.ts';
import type { Arrivals, ServersAlongLog } from './servers-along-log.ts';

export interface PresenceEdusOptions {
  readonly presence: Pick<Presence, 'onChange'>;
  /** The content of `m.presence` as clients see it. */
  readonly contentOf: (userNid: number) => JsonObject | undefined;
  readonly database: Database;
  readonly users: Names;
  readonly servers: ServersAlongLog;
  readonly sender: Pick<FederationSender, 'deliverEphemeral'>;
  readonly serverName: string;
  readonly reportFault: (error: unknown) => void;
}

/** Tells the servers that share a room with a user of the user's presence (SS API, "Presence"). */
export class PresenceEdus {
  readonly #options: PresenceEdusOptions;
  readonly #changed = new Set<number>();
  readonly #arriving = new Set<NodeJS.Timeout>();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: PresenceEdusOptions) {
    this.#options = options;
    options.presence.onChange((userNid) => {
      this.#changed.add(userNid);
      this.#tellSoon();
    });
  }

  /** A server that has come to a room is told of who is there, and those that are there of a user who has come. */
  arrived(roomNid: number, { servers, userIds }: Arrivals): void {
    if (this.#isClosed || (servers.size === 0 && userIds.size === 0)) return;
    const timer = setTimeout(() => {
      this.#arriving.delete(timer);
      this.#tellOnArrival(roomNid, servers, userIds).catch(this.#options.reportFault);
    }, presenceOnArrivalMs);
    timer.unref();
    this.#arriving.add(timer);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const timer of this.#arriving) clearTimeout(timer);
  }

  #tellSoon(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#tellAll()
        .catch(this.#options.reportFault)
        .finally(() => {
          this.#timer = undefined;
          if (this.#changed.size > 0) this.#tellSoon();
        });
    }, presenceDelayMs);
    this.#timer.unref();
  }

  async #tellAll(): Promise<void> {
    const users = [...this.#changed];
    this.#changed.clear();
    const { database, servers } = this.#options;
    for (const userNid of users) {
      const told = new Set<string>();
      for (const roomNid of await readJoinedRooms(database.reader, userNid)) {
        for (const other of await servers.othersIn(roomNid)) told.add(other);
      }
      await this.#tell(userNid, told);
    }
  }

  async #tellOnArrival(
    roomNid: number,
    arrived: ReadonlySet<string>,
    userIds: ReadonlySet<string>,
  ): Promise<void> {
    const { database, servers, users } = this.#options;
    const others = await servers.othersIn(roomNid);
    for (const userId of userIds) {
      const userNid = await users.find(userId);
      if (userNid !== undefined) await this.#tell(userNid, others, 'unless offline');
    }
    const stillThere = others.filter((name) => arrived.has(name));
    if (stillThere.length === 0) return;
    for (const userNid of await readLocalMembers(database.reader, roomNid)) {
      await this.#tell(userNid, stillThere, 'unless offline');
    }
  }

  async #tell(
    userNid: number,
    told: Iterable<string>,
    when: 'always' | 'unless offline' = 'always',
  ): Promise<void> {
    const { users, serverName, contentOf, sender } = this.#options;
    const content = contentOf(userNid);
    if (content === undefined) return;
    // Who has heard nothing takes a user to be offline.
    if (when === 'unless offline' && content['presence'] === 'offline') return;
    const userId = await users.text(userNid);
    if (!isLocalUser(userId, serverName)) return;
    // The spec wants a time, even of who was never active.
    const push = { user_id: userId, last_active_ago: 0, ...content };
    for (const other of told) sender.deliverEphemeral(other, 'm.presence', userId, push);
  }
}
