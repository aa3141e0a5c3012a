import { isJsonObject } from '../canonical-json.ts';
import { DEFAULT_PUSH_RULES } from './default-rules.ts';
import { parseActions, parseRuleBody } from './parse-rule.ts';
import { PUSH_RULE_KINDS } from './types.ts';
import type { CustomPushRule, DefaultRuleChange, PushRuleChanges, PushRuleKind } from './types.ts';

/**
 * Reads rules that were stored as JSON. What is malformed or refers to a default rule that no longer exists is
 * left out, so that rules stored by another version of this package always load.
 *
 * @example
 * ```ts
 * parsePushRuleChanges({ defaults: { '.m.rule.call': { enabled: false }, '.m.rule.gone': {} } });
 * // => { custom: {}, defaults: { '.m.rule.call': { enabled: false } } }
 * ```
 */
export function parsePushRuleChanges(value: unknown): PushRuleChanges {
  const stored = isJsonObject(value) ? value : {};
  const storedCustom = isJsonObject(stored['custom']) ? stored['custom'] : {};
  const custom: PushRuleChanges['custom'] = {};
  for (const kind of PUSH_RULE_KINDS) {
    const rules = parseRules(kind, storedCustom[kind]);
    if (rules.length > 0) custom[kind] = rules;
  }
  return { custom, defaults: parseDefaults(stored['defaults']) };
}

function parseRules(kind: PushRuleKind, value: unknown): CustomPushRule[] {
  const rules: CustomPushRule[] = [];
  for (const stored of Array.isArray(value) ? value : []) {
    if (!isJsonObject(stored) || typeof stored['rule_id'] !== 'string') continue;
    const parsed = parseRuleBody(kind, stored['rule_id'], stored);
    if (parsed.ok) rules.push({ ...parsed.value, enabled: stored['enabled'] !== false });
  }
  return rules;
}

function parseDefaults(value: unknown): PushRuleChanges['defaults'] {
  const defaults: PushRuleChanges['defaults'] = {};
  for (const { rule_id: ruleId } of Object.values(DEFAULT_PUSH_RULES).flat()) {
    const stored = isJsonObject(value) ? value[ruleId] : undefined;
    if (!isJsonObject(stored)) continue;
    const change: DefaultRuleChange = {};
    const actions = parseActions(stored['actions']);
    if (typeof stored['enabled'] === 'boolean') change.enabled = stored['enabled'];
    if (actions.ok) change.actions = actions.value;
    defaults[ruleId] = change;
  }
  return defaults;
}
