import { parseUserId, serverNameOf } from '@soma/protocol';
import type { ServerName, UserId } from '@soma/protocol';

import type { ApplicationServiceConfig, Namespace } from '../config/config.ts';
import { boundedCache } from '../storage/bounded-cache.ts';

const USERS_CACHED = 10_000;

/** An application service that the operator has registered. */
export class ApplicationService {
  readonly config: ApplicationServiceConfig;
  /** The user that the service is where it names nobody else. */
  readonly sender: UserId;
  readonly #serverName: ServerName;
  readonly #users = boundedCache<string, boolean>(USERS_CACHED);

  constructor(config: ApplicationServiceConfig, serverName: ServerName) {
    const sender = parseUserId(`@${config.senderLocalpart}:${serverName}`);
    if (sender === undefined) throw new Error(`${config.id} has no user`);
    this.config = config;
    this.sender = sender;
    this.#serverName = serverName;
  }

  get id(): string {
    return this.config.id;
  }

  /** Whether the user is one of the service's: of this server, and the sender or in its namespaces. */
  hasUser(userId: string): boolean {
    const known = this.#users.get(userId);
    if (known !== undefined) return known;
    const has =
      this.#isLocal(userId) && (userId === this.sender || isIn(this.config.users, userId));
    this.#users.set(userId, has);
    return has;
  }

  /** Whether the user is the service's alone. */
  ownsUser(userId: string): boolean {
    if (!this.hasUser(userId)) return false;
    return userId === this.sender || isIn(this.config.users.filter(isExclusive), userId);
  }

  hasAlias(alias: string): boolean {
    return isIn(this.config.aliases, alias);
  }

  ownsAlias(alias: string): boolean {
    return isIn(this.config.aliases.filter(isExclusive), alias);
  }

  hasRoom(roomId: string): boolean {
    return isIn(this.config.rooms, roomId);
  }

  #isLocal(userId: string): boolean {
    const parsed = parseUserId(userId);
    return parsed !== undefined && serverNameOf(parsed) === this.#serverName;
  }
}

function isIn(namespaces: readonly Namespace[], name: string): boolean {
  return namespaces.some(({ pattern }) => pattern.test(name));
}

function isExclusive(namespace: Namespace): boolean {
  return namespace.isExclusive;
}
