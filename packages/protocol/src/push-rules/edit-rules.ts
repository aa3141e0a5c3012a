import { canonicalJson } from '../canonical-json.ts';
import { problem } from '../errors.ts';
import type { Problem } from '../errors.ts';
import { DEFAULT_PUSH_RULES } from './default-rules.ts';
import type { DefaultPushRule } from './default-rules.ts';
import { parseActions, parseRuleBody } from './parse-rule.ts';
import type { Parsed } from './parse-rule.ts';
import type { CustomPushRule, DefaultRuleChange, PushRuleChanges, PushRuleKind } from './types.ts';

/** The new rules, or why they stay as they were. */
export type EditedPushRules =
  | { readonly ok: true; readonly changes: PushRuleChanges }
  | { readonly ok: false; readonly problem: Problem };

/** Where a rule is put: next to another rule that the user made. */
export interface RulePlacement {
  /** The rule becomes the next more important one. Wins over `after`. */
  readonly before?: string;
  /** The rule becomes the next less important one. */
  readonly after?: string;
}

/**
 * Adds a user's rule, or changes the one of that ID (spec: `PUT /pushrules/global/{kind}/{ruleId}`). A new rule is
 * enabled and, without a placement, the most important of its kind; a changed one stays where and as enabled as
 * it was. `dont_notify` and `coalesce` are stripped from its actions.
 *
 * Problems: `M_BAD_JSON` (wrong shape, or nested deeper than `JSON_DEPTH_MAX`), `M_MISSING_PARAM` (no actions, or no
 * pattern of a content rule), `M_INVALID_PARAM` (an action that is none, a pattern of more than 512 UTF-16 units, or an
 * ID that is empty, starts with a dot or has a slash or backslash), `M_UNKNOWN` when the rule of the placement is not
 * one of the user's.
 *
 * @param body the JSON of the request
 * @example
 * ```ts
 * const edited = putPushRule(NO_PUSH_RULE_CHANGES, 'content', 'cake', {
 *   pattern: 'cake',
 *   actions: ['notify'],
 * });
 * edited.ok && edited.changes.custom.content?.[0]?.rule_id; // => 'cake'
 * // A content rule has a pattern.
 * const refused = putPushRule(NO_PUSH_RULE_CHANGES, 'content', 'cake', { actions: ['notify'] });
 * !refused.ok && refused.problem.errcode; // => 'M_MISSING_PARAM'
 * ```
 */
export function putPushRule(
  changes: PushRuleChanges,
  kind: PushRuleKind,
  ruleId: string,
  body: unknown,
  placement: RulePlacement = {},
): EditedPushRules {
  if (ruleId === '' || ruleId.startsWith('.') || /[/\\]/.test(ruleId)) {
    return refused('M_INVALID_PARAM', 'a rule ID must not start with a dot or contain a slash');
  }
  const parsed = parseRuleBody(kind, ruleId, body);
  if (!parsed.ok) return parsed;
  const rules = changes.custom[kind] ?? [];
  const index = rules.findIndex((existing) => existing.rule_id === ruleId);
  const rule = { ...parsed.value, enabled: rules[index]?.enabled ?? true };
  const others = rules.filter((existing) => existing.rule_id !== ruleId);
  const neighbour = placement.before ?? placement.after;
  if (neighbour === undefined) return ok(insert(others, Math.max(index, 0), rule));
  const at = others.findIndex((existing) => existing.rule_id === neighbour);
  if (at < 0) return refused('M_UNKNOWN', `before/after rule not found: ${neighbour}`);
  return ok(insert(others, placement.before === undefined ? at + 1 : at, rule));

  function ok(list: CustomPushRule[]): EditedPushRules {
    return { ok: true, changes: withCustom(changes, kind, list) };
  }
}

/**
 * Removes a user's rule (spec: `DELETE /pushrules/global/{kind}/{ruleId}`); `M_NOT_FOUND` when there is none, and for
 * default rules, which cannot be removed.
 *
 * @example
 * ```ts
 * const refused = deletePushRule(NO_PUSH_RULE_CHANGES, 'override', '.m.rule.master');
 * !refused.ok && refused.problem.errcode; // => 'M_NOT_FOUND'
 * ```
 */
export function deletePushRule(
  changes: PushRuleChanges,
  kind: PushRuleKind,
  ruleId: string,
): EditedPushRules {
  const rules = changes.custom[kind] ?? [];
  const left = rules.filter((rule) => rule.rule_id !== ruleId);
  if (left.length === rules.length) return notFound();
  return { ok: true, changes: withCustom(changes, kind, left) };
}

/**
 * Enables or disables a rule, a default one included (spec: `PUT /pushrules/global/{kind}/{ruleId}/enabled`).
 * Problems: `M_NOT_FOUND`, `M_BAD_JSON` when `enabled` is no boolean.
 *
 * @example
 * ```ts
 * const edited = setPushRuleEnabled(NO_PUSH_RULE_CHANGES, 'override', '.m.rule.master', true);
 * edited.ok && edited.changes; // => { custom: {}, defaults: { '.m.rule.master': { enabled: true } } }
 * ```
 */
export function setPushRuleEnabled(
  changes: PushRuleChanges,
  kind: PushRuleKind,
  ruleId: string,
  enabled: unknown,
): EditedPushRules {
  if (typeof enabled !== 'boolean') return refused('M_BAD_JSON', 'enabled must be a boolean');
  return changeRule(changes, kind, ruleId, { enabled });
}

/**
 * Replaces the actions of a rule, a default one included (spec: `PUT /pushrules/global/{kind}/{ruleId}/actions`).
 * Problems: `M_NOT_FOUND`, and those that `putPushRule` has for actions.
 *
 * @example
 * ```ts
 * const edited = setPushRuleActions(NO_PUSH_RULE_CHANGES, 'underride', '.m.rule.message', []);
 * edited.ok && edited.changes; // => { custom: {}, defaults: { '.m.rule.message': { actions: [] } } }
 * ```
 */
export function setPushRuleActions(
  changes: PushRuleChanges,
  kind: PushRuleKind,
  ruleId: string,
  actions: unknown,
): EditedPushRules {
  const parsed: Parsed<CustomPushRule['actions']> = parseActions(actions);
  return parsed.ok ? changeRule(changes, kind, ruleId, { actions: parsed.value }) : parsed;
}

function changeRule(
  changes: PushRuleChanges,
  kind: PushRuleKind,
  ruleId: string,
  change: DefaultRuleChange,
): EditedPushRules {
  const byDefault = DEFAULT_PUSH_RULES[kind].find((rule) => rule.rule_id === ruleId);
  if (byDefault !== undefined)
    return { ok: true, changes: changeDefault(changes, byDefault, change) };
  const rules = changes.custom[kind] ?? [];
  if (!rules.some((rule) => rule.rule_id === ruleId)) return notFound();
  const changed = rules.map((rule) => (rule.rule_id === ruleId ? { ...rule, ...change } : rule));
  return { ok: true, changes: withCustom(changes, kind, changed) };
}

// Only what differs is kept, so that whoever undoes a change shares the rules of those who made none.
function changeDefault(
  changes: PushRuleChanges,
  byDefault: DefaultPushRule,
  change: DefaultRuleChange,
): PushRuleChanges {
  const { [byDefault.rule_id]: before, ...others } = changes.defaults;
  const { enabled, actions }: DefaultRuleChange = { ...before, ...change };
  const differs: DefaultRuleChange = {};
  if (enabled !== undefined && enabled !== byDefault.enabled) differs.enabled = enabled;
  if (actions !== undefined && canonicalJson(actions) !== canonicalJson([...byDefault.actions])) {
    differs.actions = actions;
  }
  const isBack = Object.keys(differs).length === 0;
  return { ...changes, defaults: isBack ? others : { ...others, [byDefault.rule_id]: differs } };
}

function withCustom(
  changes: PushRuleChanges,
  kind: PushRuleKind,
  rules: CustomPushRule[],
): PushRuleChanges {
  const { [kind]: _replaced, ...others } = changes.custom;
  return { ...changes, custom: rules.length > 0 ? { ...others, [kind]: rules } : others };
}

function insert(
  rules: readonly CustomPushRule[],
  index: number,
  rule: CustomPushRule,
): CustomPushRule[] {
  return [...rules.slice(0, index), rule, ...rules.slice(index)];
}

function notFound(): EditedPushRules {
  return refused('M_NOT_FOUND', 'The push rule was not found.');
}

function refused(errcode: Problem['errcode'], reason: string): EditedPushRules {
  return { ok: false, problem: problem(errcode, reason) };
}
