import type { JsonObject } from '../canonical-json.ts';

/**
 * The kinds of push rules, in the order in which they are tried (spec: Client-Server API, "Push Rules").
 *
 * @example
 * ```ts
 * PUSH_RULE_KINDS; // => ['override', 'content', 'room', 'sender', 'underride']
 * ```
 */
export const PUSH_RULE_KINDS = ['override', 'content', 'room', 'sender', 'underride'] as const;

/** See `PUSH_RULE_KINDS`. */
export type PushRuleKind = (typeof PUSH_RULE_KINDS)[number];

/** `'notify'` or `{ set_tweak, value? }`. */
export type PushAction = string | JsonObject;

/** `{ kind, … }`; one of a kind that is not known never matches. */
export type PushCondition = JsonObject;

/** A push rule as clients see it (spec: Client-Server API, "Push Rules"). */
export type PushRule = {
  rule_id: string;
  default: boolean;
  enabled: boolean;
  actions: PushAction[];
  /** Override and underride rules only. */
  conditions?: PushCondition[];
  /** Content rules only. */
  pattern?: string;
};

/** What a user made: a `PushRule` that is not a default one. */
export type CustomPushRule = {
  rule_id: string;
  enabled: boolean;
  actions: PushAction[];
  conditions?: PushCondition[];
  pattern?: string;
};

/** How a user changed a default rule. */
export type DefaultRuleChange = { enabled?: boolean; actions?: PushAction[] };

/**
 * A user's push rules as their difference from the default ones. It is JSON, it does not name the user, and users
 * who never touched their rules have equal ones: `NO_PUSH_RULE_CHANGES`. Values are never modified, only replaced.
 */
export type PushRuleChanges = {
  /** The user's own rules of each kind, the most important first. */
  custom: { [Kind in PushRuleKind]?: CustomPushRule[] };
  /** Changes of default rules by rule ID. */
  defaults: { [ruleId: string]: DefaultRuleChange };
};

/**
 * The rules of a user who has changed nothing.
 *
 * @example
 * ```ts
 * rulesetFor(NO_PUSH_RULE_CHANGES, '@alice:example.org').global.content; // => []
 * ```
 */
export const NO_PUSH_RULE_CHANGES: PushRuleChanges = { custom: {}, defaults: {} };

/** All rules of a user as clients see them: the content of `m.push_rules` and the answer of `GET /pushrules/`. */
export type PushRuleset = { global: { [Kind in PushRuleKind]: PushRule[] } };

/**
 * Whether a text is the name of a kind of rules.
 *
 * @example
 * ```ts
 * isPushRuleKind('override'); // => true
 * isPushRuleKind('device'); // => false
 * ```
 */
export function isPushRuleKind(kind: string): kind is PushRuleKind {
  return PUSH_RULE_KINDS.some((known) => known === kind);
}
