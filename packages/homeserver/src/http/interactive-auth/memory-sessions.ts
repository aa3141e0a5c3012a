import { randomBytes } from 'node:crypto';

import { LRUCache } from 'lru-cache';

import type { InteractiveSession, Operation, SessionStore } from './session-store.ts';

interface StoredSession extends InteractiveSession {
  body: InteractiveSession['body'];
  readonly completed: Map<string, unknown>;
  readonly data: Map<string, unknown>;
}

export interface MemorySessionsOptions {
  /** Default 48 hours, as Synapse: a mail may be read the next day. */
  readonly lifetimeMs?: number;
  /** Anyone may begin a session, so there is a bound: beyond it the longest unused are forgotten. */
  readonly sessionsMax?: number;
  /** Of all bodies together. */
  readonly bodyBytesMax?: number;
  readonly now?: () => number;
}

const sessionBytes = 200;

/** Sessions of one process. They are lost at a restart: clients then begin again. */
export class MemorySessions implements SessionStore {
  readonly #sessions: LRUCache<string, StoredSession>;

  constructor(options: MemorySessionsOptions = {}) {
    const now = options.now ?? Date.now;
    this.#sessions = new LRUCache({
      max: options.sessionsMax ?? 20_000,
      maxSize: options.bodyBytesMax ?? 64 * 1024 * 1024,
      sizeCalculation: ({ body }) => sessionBytes + JSON.stringify(body).length,
      ttl: options.lifetimeMs ?? 48 * 60 * 60 * 1000,
      ttlResolution: 0,
      perf: { now },
    });
  }

  async create(
    operation: Operation,
    body: InteractiveSession['body'],
  ): Promise<InteractiveSession> {
    const id = randomBytes(18).toString('base64url');
    const { method, path, userId } = operation;
    const session = { id, method, path, userId, body, completed: new Map(), data: new Map() };
    this.#sessions.set(id, session);
    return session;
  }

  async get(id: string): Promise<InteractiveSession | undefined> {
    return this.#sessions.get(id);
  }

  async setBody(id: string, body: InteractiveSession['body']): Promise<void> {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    session.body = body;
    // Set again for its size; the lifetime goes on from the beginning.
    const remainingMs = this.#sessions.getRemainingTTL(id);
    this.#sessions.set(id, session, {
      ttl: remainingMs,
      size: sessionBytes + JSON.stringify(body).length,
    });
  }

  async complete(id: string, type: string, result: unknown): Promise<void> {
    this.#sessions.get(id)?.completed.set(type, result);
  }

  async setData(id: string, key: string, value: unknown): Promise<void> {
    this.#sessions.get(id)?.data.set(key, value);
  }

  async remove(id: string): Promise<void> {
    this.#sessions.delete(id);
  }
}
