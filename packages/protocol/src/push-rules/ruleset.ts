import { DEFAULT_PUSH_RULES, OWN_USER_ID } from './default-rules.ts';
import type { DefaultPushRule } from './default-rules.ts';
import { PUSH_RULE_KINDS } from './types.ts';
import type {
  CustomPushRule,
  PushCondition,
  PushRule,
  PushRuleChanges,
  PushRuleKind,
  PushRuleset,
} from './types.ts';

/**
 * All rules of a user, in the order in which they are tried within each kind: the content of `m.push_rules` and the
 * answer of `GET /pushrules/`. The user's own rules stand before the default ones, but for `.m.rule.master`, which is
 * the first (spec: Client-Server API, "Predefined Rules").
 *
 * @example
 * ```ts
 * const { global } = rulesetFor(NO_PUSH_RULE_CHANGES, '@alice:example.org');
 * global.override[2]?.conditions?.[2]?.['pattern']; // => '@alice:example.org'
 * ```
 */
export function rulesetFor(changes: PushRuleChanges, userId: string): PushRuleset {
  const ofKind = (kind: PushRuleKind) =>
    orderedRules(changes, kind).map((rule) => withUserId(rule, userId));
  return {
    global: {
      override: ofKind('override'),
      content: ofKind('content'),
      room: ofKind('room'),
      sender: ofKind('sender'),
      underride: ofKind('underride'),
    },
  };
}

/**
 * One rule of a user; undefined when there is none with that ID.
 *
 * @example
 * ```ts
 * findPushRule(NO_PUSH_RULE_CHANGES, 'override', '.m.rule.master', '@alice:example.org')?.enabled; // => false
 * findPushRule(NO_PUSH_RULE_CHANGES, 'override', 'mine', '@alice:example.org'); // => undefined
 * ```
 */
export function findPushRule(
  changes: PushRuleChanges,
  kind: PushRuleKind,
  ruleId: string,
  userId: string,
): PushRule | undefined {
  const rule = orderedRules(changes, kind).find((candidate) => candidate.rule_id === ruleId);
  return rule === undefined ? undefined : withUserId(rule, userId);
}

/** All rules in the order in which they are tried, with `OWN_USER_ID` left as it is. */
export function* allRules(
  changes: PushRuleChanges,
): Generator<{ readonly kind: PushRuleKind; readonly rule: PushRule }> {
  for (const kind of PUSH_RULE_KINDS) {
    for (const rule of orderedRules(changes, kind)) yield { kind, rule };
  }
}

function orderedRules({ custom, defaults }: PushRuleChanges, kind: PushRuleKind): PushRule[] {
  const defaultRules = DEFAULT_PUSH_RULES[kind].map((rule) => changedDefault(rule, defaults));
  const isMaster = (rule: PushRule) => rule.rule_id === '.m.rule.master';
  return [
    ...defaultRules.filter(isMaster),
    ...(custom[kind] ?? []).map(customRule),
    ...defaultRules.filter((rule) => !isMaster(rule)),
  ];
}

function changedDefault(rule: DefaultPushRule, defaults: PushRuleChanges['defaults']): PushRule {
  const change = Object.hasOwn(defaults, rule.rule_id) ? defaults[rule.rule_id] : undefined;
  return {
    rule_id: rule.rule_id,
    default: true,
    enabled: change?.enabled ?? rule.enabled,
    conditions: [...rule.conditions],
    actions: [...(change?.actions ?? rule.actions)],
  };
}

function customRule(rule: CustomPushRule): PushRule {
  return { ...rule, default: false };
}

function withUserId(rule: PushRule, userId: string): PushRule {
  if (!rule.default || rule.conditions === undefined) return rule;
  return { ...rule, conditions: rule.conditions.map((condition) => named(condition, userId)) };
}

function named(condition: PushCondition, userId: string): PushCondition {
  if (condition['pattern'] === OWN_USER_ID) return { ...condition, pattern: userId };
  return condition['value'] === OWN_USER_ID ? { ...condition, value: userId } : condition;
}
