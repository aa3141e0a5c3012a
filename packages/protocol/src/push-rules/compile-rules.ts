import { isJsonObject } from '../canonical-json.ts';
import { bodyMatches, compileCondition } from './conditions.ts';
import type { ConditionTest } from './conditions.ts';
import { allRules } from './ruleset.ts';
import type { PushAction, PushRule, PushRuleChanges, PushRuleKind } from './types.ts';

/** What is done when a rule matches. */
export interface PushOutcome {
  readonly notify: boolean;
  /** Only together with `notify`. */
  readonly highlight: boolean;
  /** The sound to play, such as `default`. */
  readonly sound?: string;
  /** The rule that matched; absent when none did. */
  readonly rule?: string;
  /** The rule's actions, for a push gateway's tweaks and for `GET /notifications`. */
  readonly actions: readonly PushAction[];
}

/** A set of rules ready to be evaluated, for any user who has that set. */
export interface CompiledPushRules {
  readonly rules: readonly CompiledPushRule[];
  /** Whether a rule looks at the user's display name, so that users with equal rules can differ by it. */
  readonly dependsOnDisplayName: boolean;
}

/** One enabled rule. */
export interface CompiledPushRule {
  readonly conditions: readonly ConditionTest[];
  readonly outcome: PushOutcome;
}

/**
 * Compiles a set of rules, once for all users who have it. The result does not know a user: conditions that
 * depend on one are settled at evaluation. Rules that are disabled are left out; a condition that is unknown or
 * malformed makes its rule match nothing (spec: Client-Server API, "Conditions"), an action that is unknown does nothing.
 *
 * @example
 * ```ts
 * compileRules(NO_PUSH_RULE_CHANGES).dependsOnDisplayName; // => false
 * ```
 */
export function compileRules(changes: PushRuleChanges): CompiledPushRules {
  const enabled = [...allRules(changes)].filter(({ rule }) => rule.enabled);
  return {
    rules: enabled.map(({ kind, rule }) => ({
      conditions: conditionsOf(kind, rule),
      outcome: outcomeOf(rule),
    })),
    dependsOnDisplayName: enabled.some(({ rule }) =>
      rule.conditions?.some(({ kind }) => kind === 'contains_display_name'),
    ),
  };
}

function conditionsOf(kind: PushRuleKind, rule: PushRule): ConditionTest[] {
  const { rule_id: ruleId } = rule;
  switch (kind) {
    case 'content':
      return [bodyMatches(rule.pattern ?? '')];
    case 'room':
      return [({ event }) => event.room_id === ruleId];
    case 'sender':
      return [({ event }) => event.sender === ruleId];
    default:
      return (rule.conditions ?? []).map((condition) => compileCondition(condition, rule.default));
  }
}

function outcomeOf({ rule_id: rule, actions }: PushRule): PushOutcome {
  const notify = actions.includes('notify');
  const sound = tweak(actions, 'sound');
  return {
    notify,
    highlight: notify && tweak(actions, 'highlight') === true,
    ...(typeof sound === 'string' ? { sound } : {}),
    rule,
    actions,
  };
}

// Each sets an entry, so that the last one of a name counts. One without a value is true: spec, "Actions".
function tweak(actions: readonly PushAction[], name: string): unknown {
  const found = actions.findLast((action) => isJsonObject(action) && action['set_tweak'] === name);
  if (!isJsonObject(found)) return undefined;
  return found['value'] === undefined ? true : found['value'];
}
