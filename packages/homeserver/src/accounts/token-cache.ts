import type { LRUCache } from 'lru-cache';

import { parseUserId } from '@soma/protocol';
import type { UserId } from '@soma/protocol';

import { boundedCache } from '../storage/bounded-cache.ts';
import { ChangeKind } from '../storage/change.ts';
import type { Touch } from '../storage/change.ts';
import type { Committed, Database } from '../storage/database.ts';
import type { InternedNames } from '../storage/names-store.ts';
import type { Reader } from '../storage/sql.ts';
import { readToken } from './access-token-store.ts';
import { hashOfToken } from './access-token.ts';

/** Whose token it is, and what the owner may. */
export interface TokenOwner {
  readonly userId: UserId;
  readonly userNid: number;
  readonly deviceId: string | undefined;
  readonly deviceNid: number | undefined;
  readonly tokenNid: number;
  readonly isAdmin: boolean;
  readonly isGuest: boolean;
  readonly isLocked: boolean;
  readonly isSuspended: boolean;
  /** Undefined for a token that does not expire. */
  readonly validUntilTs: number | undefined;
  /** The refresh token that came with it. */
  readonly refreshNid: number | undefined;
  /** The refresh token that ends once this token is used. */
  readonly replacesRefreshNid: number | undefined;
}

/**
 * The owners of tokens in use. An entry falls in the commit that touches its token or its account, before
 * whoever made that change is answered.
 */
export class TokenCache {
  readonly #reader: Reader;
  readonly #names: InternedNames;
  readonly #owners: LRUCache<string, TokenOwner>;
  readonly #tokensByNid = new Map<number, string>();
  readonly #tokensByUser = new Map<number, Set<string>>();
  /** Counts what has fallen: an owner that was read before is not kept after. */
  #falls = 0;

  constructor(
    database: Pick<Database, 'reader' | 'onCommit'>,
    names: InternedNames,
    cachedMax: number,
  ) {
    this.#reader = database.reader;
    this.#names = names;
    this.#owners = boundedCache(cachedMax, (owner, token) => this.#unlist(token, owner));
    database.onCommit((committed) => this.#follow(committed));
  }

  cached(token: string): TokenOwner | undefined {
    return this.#owners.get(token);
  }

  /** Undefined for a token that is not known, or no longer. */
  async load(token: string): Promise<TokenOwner | undefined> {
    const falls = this.#falls;
    const record = await readToken(this.#reader, hashOfToken(token));
    if (record === undefined) return undefined;
    const userId = parseUserId(await this.#names.users.text(record.userNid));
    if (userId === undefined) throw new Error(`user ${record.userNid} has no user ID`);
    const owner = { ...record, userId };
    if (falls === this.#falls && !this.#owners.has(token)) this.#keep(token, owner);
    return owner;
  }

  #keep(token: string, owner: TokenOwner): void {
    this.#owners.set(token, owner);
    this.#tokensByNid.set(owner.tokenNid, token);
    const tokens = this.#tokensByUser.get(owner.userNid);
    if (tokens === undefined) this.#tokensByUser.set(owner.userNid, new Set([token]));
    else tokens.add(token);
  }

  #unlist(token: string, owner: TokenOwner): void {
    this.#tokensByNid.delete(owner.tokenNid);
    const tokens = this.#tokensByUser.get(owner.userNid);
    tokens?.delete(token);
    if (tokens?.size === 0) this.#tokensByUser.delete(owner.userNid);
  }

  #follow(committed: readonly Committed[]): void {
    for (const { change } of committed) {
      for (const touch of change.touches ?? []) this.#fall(touch);
    }
  }

  #fall({ kind, subject }: Touch): void {
    if (kind === ChangeKind.token) {
      this.#falls += 1;
      const token = this.#tokensByNid.get(subject);
      if (token !== undefined) this.#owners.delete(token);
    } else if (kind === ChangeKind.account) {
      this.#falls += 1;
      for (const token of [...(this.#tokensByUser.get(subject) ?? [])]) this.#owners.delete(token);
    }
  }
}
