import { randomBytes } from 'node:crypto';

import { LRUCache } from 'lru-cache';

import type { ExternalUser } from './external-user.ts';
import { sessionLifetimeMs, sessionsMax } from './limits.ts';

/** What a new user takes over from the provider. */
export interface NewUserChoice {
  readonly localpart: string;
  readonly usesDisplayName: boolean;
  readonly usesPicture: boolean;
  readonly usesEmail: boolean;
}

/** Somebody whom a provider knows, and this server not yet. */
export interface NewUserSession {
  readonly kind: 'new-user';
  readonly external: ExternalUser;
  readonly redirectUrl: string;
  /** A name to begin with. */
  readonly suggestion: string | undefined;
  readonly choice: NewUserChoice | undefined;
  readonly hasAcceptedTerms: boolean;
}

/** A user who is asked whether a client may have the login. */
export interface ConsentSession {
  readonly kind: 'consent';
  readonly external: ExternalUser;
  readonly userNid: number;
  readonly redirectUrl: string;
}

export type SignInSession = NewUserSession | ConsentSession;

/** Sign-ins that came back from the provider and wait for the user. In memory: after a restart people begin again. */
export class SignInSessions {
  readonly #sessions: LRUCache<string, SignInSession>;

  constructor(now: () => number) {
    this.#sessions = new LRUCache({
      maxSize: sessionsMax,
      sizeCalculation: () => 1,
      ttl: sessionLifetimeMs,
      ttlResolution: 0,
      perf: { now },
    });
  }

  /** The ID, which nobody can guess. */
  add(session: SignInSession): string {
    const id = randomBytes(24).toString('base64url');
    this.#sessions.set(id, session);
    return id;
  }

  newUser(id: string | undefined): NewUserSession | undefined {
    const session = id === undefined ? undefined : this.#sessions.get(id);
    return session?.kind === 'new-user' ? session : undefined;
  }

  change(id: string, session: NewUserSession): void {
    this.#sessions.set(id, session, { ttl: this.#sessions.getRemainingTTL(id) });
  }

  /** Ends a session; undefined where it has ended before. */
  takeNewUser(id: string): NewUserSession | undefined {
    const session = this.newUser(id);
    if (session !== undefined) this.#sessions.delete(id);
    return session;
  }

  takeConsent(id: string | undefined): ConsentSession | undefined {
    const session = id === undefined ? undefined : this.#sessions.get(id);
    if (id === undefined || session?.kind !== 'consent') return undefined;
    this.#sessions.delete(id);
    return session;
  }

  /** Ends those of a session at the provider that has ended. */
  endProviderSession(isEnded: (external: ExternalUser) => boolean): void {
    for (const [id, { external }] of this.#sessions.entries()) {
      if (isEnded(external)) this.#sessions.delete(id);
    }
  }
}
