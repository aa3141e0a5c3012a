import { hash } from 'node:crypto';

import {
  type CompiledPushRules,
  NO_PUSH_RULE_CHANGES,
  type PushRuleChanges,
  compileRules,
  parsePushRuleChanges,
  pushRulesKey,
} from '@soma/protocol';

import { boundedCache } from '../storage/bounded-cache.ts';
import type { Database } from '../storage/database.ts';
import { write } from '../storage/database.ts';
import { NidBlocks } from '../storage/nid-blocks.ts';
import {
  AS_ELSEWHERE,
  ELSEWHERE,
  findRuleSetNid,
  internRuleSetStatements,
  readRuleSetEntries,
  readRuleSetJson,
} from './push-rule-store.ts';

/** Push rules as far as they matter in a room, shared by all who have equal ones. */
export interface RuleSet {
  readonly nid: number;
  readonly rules: CompiledPushRules;
}

/** Rule set nids by room nid, with {@link ELSEWHERE} for the rooms that have no entry. */
export type RuleSetsByRoom = ReadonlyMap<number, number>;

/** The rule set of those who changed nothing. */
const DEFAULT_RULE_SET: RuleSet = { nid: 0, rules: compileRules(NO_PUSH_RULE_CHANGES) };
const DEFAULT_KEY = pushRulesKey(NO_PUSH_RULE_CHANGES);
const ALWAYS_DEFAULT: RuleSetsByRoom = new Map();

const RULE_SETS_CACHED = 10_000;
const USERS_CACHED = 20_000;
const BLOCK_SIZE = 100;
const HASH_BYTES = 16;

/** Which push rules each user has where, as this process knows them; only local users have any. */
export class RuleSets {
  readonly #database: Database;
  readonly #blocks: NidBlocks;
  readonly #ruleSets = boundedCache<number, RuleSet>(RULE_SETS_CACHED);
  readonly #users = boundedCache<number, RuleSetsByRoom>(USERS_CACHED);
  /** Users whose rules are being changed, with what they will have. */
  readonly #changing = new Map<number, RuleSetsByRoom>();
  /** Grows with each change, so that a read which one overtook is not cached. */
  #version = 0;

  constructor(database: Database) {
    this.#database = database;
    this.#blocks = new NidBlocks(database, 'rule_set', BLOCK_SIZE);
  }

  /** The rule set of that number. Throws when there is none: the numbers come from our own tables. */
  async get(nid: number): Promise<RuleSet> {
    if (nid === DEFAULT_RULE_SET.nid) return DEFAULT_RULE_SET;
    const cached = this.#ruleSets.get(nid);
    if (cached !== undefined) return cached;
    const json = await readRuleSetJson(this.#database.reader, nid);
    if (json === undefined) throw new Error(`no rule set has the nid ${nid}`);
    const ruleSet = { nid, rules: compileRules(parsePushRuleChanges(JSON.parse(json))) };
    this.#ruleSets.set(nid, ruleSet);
    return ruleSet;
  }

  getAll(nids: Iterable<number>): Promise<RuleSet[]> {
    return Promise.all([...nids].map((nid) => this.get(nid)));
  }

  /** The number of rules that were narrowed to a room. */
  async intern(changes: PushRuleChanges): Promise<number> {
    const key = pushRulesKey(changes);
    if (key === DEFAULT_KEY) return DEFAULT_RULE_SET.nid;
    const digest = hash('sha256', key, 'buffer').subarray(0, HASH_BYTES);
    const found = await findRuleSetNid(this.#database.reader, digest);
    if (found !== undefined) return found;
    const fresh = await this.#blocks.next();
    const applied = await write(this.#database, {
      statements: internRuleSetStatements(fresh, digest, JSON.stringify(changes)),
      returning: [1],
      positions: 0,
    });
    return Number(applied.rows[0]?.[0]?.['rule_set_nid']);
  }

  /**
   * The rule sets that may hold for a user's next event in a room: one, and while the user changes the rules
   * the old and the new one.
   */
  async of(userNid: number, roomNid: number): Promise<RuleSet[]> {
    // Asked before the read, so that a change that ends during it is not missed.
    const next = this.#changing.get(userNid);
    const current = await this.byRoom(userNid);
    const after = this.#changing.get(userNid);
    const nids = [current, next, after].flatMap((sets) =>
      sets === undefined ? [] : [ruleSetIn(sets, roomNid)],
    );
    return this.getAll(new Set(nids));
  }

  /** The committed rule sets of a user. */
  async byRoom(userNid: number): Promise<RuleSetsByRoom> {
    const cached = this.#users.get(userNid);
    if (cached !== undefined) return cached;
    const version = this.#version;
    const entries = await readRuleSetEntries(this.#database.reader, userNid);
    const sets =
      entries.length === 0
        ? ALWAYS_DEFAULT
        : new Map(entries.map(({ roomNid, ruleSetNid }) => [roomNid, ruleSetNid]));
    if (version === this.#version) this.#users.set(userNid, sets);
    return sets;
  }

  /** From now on the user's events are evaluated with both the current and the next rule sets. */
  beginChange(userNid: number, next: RuleSetsByRoom): void {
    this.#changing.set(userNid, next);
  }

  /** The change is committed, or was given up. */
  endChange(userNid: number, isCommitted: boolean): void {
    const next = this.#changing.get(userNid);
    this.#changing.delete(userNid);
    this.#version += 1;
    if (isCommitted && next !== undefined) this.#users.set(userNid, next);
    else this.#users.delete(userNid);
  }

  /** Users whose rules are being changed. */
  get changing(): ReadonlyMap<number, RuleSetsByRoom> {
    return this.#changing;
  }
}

/** The number of the rule set that holds in a room. */
export function ruleSetIn(sets: RuleSetsByRoom, roomNid: number): number {
  const own = sets.get(roomNid);
  if (own !== undefined && own !== AS_ELSEWHERE) return own;
  return sets.get(ELSEWHERE) ?? DEFAULT_RULE_SET.nid;
}
