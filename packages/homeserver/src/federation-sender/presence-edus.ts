import type { JsonObject } from '@soma/protocol';

import { isLocalUser } from '../ephemeral/is-local-user.ts';
import type { Presence } from '../ephemeral/presence.ts';
import { readJoinedRooms } from '../membership/membership-store.ts';
import type { Database } from '../storage/database.ts';
import type { Names } from '../storage/names-store.ts';
import type { FederationSender } from './federation-sender.ts';
import { presenceDelayMs } from './limits.ts';
import type { RoomServers } from './room-servers.ts';

export interface PresenceEdusOptions {
  readonly presence: Pick<Presence, 'onChange'>;
  /** The content of `m.presence` as clients see it. */
  readonly contentOf: (userNid: number) => JsonObject | undefined;
  readonly database: Database;
  readonly users: Names;
  readonly servers: RoomServers;
  readonly sender: Pick<FederationSender, 'deliverEphemeral'>;
  readonly serverName: string;
  readonly reportFault: (error: unknown) => void;
}

/** Tells the servers that share a room with a user of the user's presence (SS API, "Presence"). */
export class PresenceEdus {
  readonly #options: PresenceEdusOptions;
  readonly #changed = new Set<number>();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: PresenceEdusOptions) {
    this.#options = options;
    options.presence.onChange((userNid) => {
      this.#changed.add(userNid);
      this.#tellSoon();
    });
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
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
    for (const userNid of users) await this.#tell(userNid);
  }

  async #tell(userNid: number): Promise<void> {
    const { users, serverName, contentOf, database, servers, sender } = this.#options;
    const userId = await users.text(userNid);
    const content = contentOf(userNid);
    if (content === undefined || !isLocalUser(userId, serverName)) return;
    const told = new Set<string>();
    for (const roomNid of await readJoinedRooms(database.reader, userNid)) {
      for (const other of await servers.othersIn(roomNid)) told.add(other);
    }
    // The spec wants a time, even of who was never active.
    const push = { user_id: userId, last_active_ago: 0, ...content };
    for (const other of told) sender.deliverEphemeral(other, 'm.presence', userId, push);
  }
}
