import { isJsonObject } from '../canonical-json.ts';
import { checkLaxJson } from '../check-json.ts';
import { problem } from '../errors.ts';
import type { Problem } from '../errors.ts';
import type { CustomPushRule, PushAction, PushRuleKind } from './types.ts';

// Spec, "Historical Actions": servers ignore these, for instance by stripping them.
const HISTORICAL_ACTIONS = ['dont_notify', 'coalesce'];

/** The longest pattern of a rule, in UTF-16 units. */
export const PATTERN_UNITS_MAX = 512;

/** A parsed value or why it is none. */
export type Parsed<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: Problem };

/**
 * Parses the body of `PUT /pushrules/global/{kind}/{ruleId}`. Problems: `M_BAD_JSON` (wrong shape),
 * `M_MISSING_PARAM` (no actions, or no pattern of a content rule), `M_INVALID_PARAM` (an action that is none, a pattern that is too long).
 */
export function parseRuleBody(
  kind: PushRuleKind,
  ruleId: string,
  body: unknown,
): Parsed<CustomPushRule> {
  if (!isJsonObject(body)) return refuse('M_BAD_JSON', 'the rule must be an object');
  const actions = parseActions(body['actions']);
  if (!actions.ok) return actions;
  const rule: CustomPushRule = { rule_id: ruleId, enabled: true, actions: actions.value };
  if (kind === 'content') {
    const { pattern } = body;
    if (pattern === undefined) return refuse('M_MISSING_PARAM', 'a content rule needs a pattern');
    if (typeof pattern !== 'string') return refuse('M_BAD_JSON', 'pattern must be a string');
    if (isTooLong(pattern)) return refuse('M_INVALID_PARAM', 'the pattern is too long');
    return { ok: true, value: { ...rule, pattern } };
  }
  if (kind === 'room' || kind === 'sender') return { ok: true, value: rule };
  const conditions = body['conditions'] ?? [];
  if (!Array.isArray(conditions)) return refuse('M_BAD_JSON', 'conditions must be a list');
  const fault = checkLaxJson(conditions);
  if (fault !== undefined) return { ok: false, problem: fault };
  const known = conditions.filter(
    (condition) => isJsonObject(condition) && typeof condition['kind'] === 'string',
  );
  if (known.length < conditions.length) {
    return refuse('M_BAD_JSON', 'every condition must be an object with a kind');
  }
  const parsed = conditions.filter(isJsonObject);
  if (parsed.some(({ pattern }) => isTooLong(pattern))) {
    return refuse('M_INVALID_PARAM', 'the pattern of a condition is too long');
  }
  return { ok: true, value: { ...rule, conditions: parsed } };
}

/** Parses a list of actions; historical ones are stripped. */
export function parseActions(value: unknown): Parsed<PushAction[]> {
  if (value === undefined) return refuse('M_MISSING_PARAM', 'actions are missing');
  if (!Array.isArray(value)) return refuse('M_BAD_JSON', 'actions must be a list');
  const fault = checkLaxJson(value);
  if (fault !== undefined) return { ok: false, problem: fault };
  const actions: PushAction[] = [];
  for (const action of value) {
    if (HISTORICAL_ACTIONS.some((historical) => historical === action)) continue;
    if (!isAction(action)) return refuse('M_INVALID_PARAM', 'an action is not known');
    actions.push(action);
  }
  return { ok: true, value: actions };
}

function isTooLong(pattern: unknown): boolean {
  return typeof pattern === 'string' && pattern.length > PATTERN_UNITS_MAX;
}

function isAction(action: unknown): action is PushAction {
  return action === 'notify' || (isJsonObject(action) && typeof action['set_tweak'] === 'string');
}

function refuse(errcode: Problem['errcode'], reason: string) {
  return { ok: false, problem: problem(errcode, reason) } as const;
}
