import { canonicalJson } from '../canonical-json.ts';
import type { CustomPushRule, PushCondition, PushRuleChanges, PushRuleKind } from './types.ts';

/**
 * The rules as far as they can matter in one room: without the user's disabled rules and without those that name
 * another room. Users who have muted different rooms share one set of rules in every room that none of them muted.
 *
 * @example
 * ```ts
 * const muted = putPushRule(NO_PUSH_RULE_CHANGES, 'room', '!quiet:example.org', { actions: [] });
 * if (!muted.ok) throw new Error(muted.problem.reason);
 * narrowToRoom(muted.changes, '!loud:example.org'); // => NO_PUSH_RULE_CHANGES
 * ```
 */
export function narrowToRoom(changes: PushRuleChanges, roomId: string): PushRuleChanges {
  const custom: PushRuleChanges['custom'] = {};
  let isNarrower = false;
  for (const kind of CUSTOMISED) {
    const rules = changes.custom[kind] ?? [];
    const left = rules.filter((rule) => rule.enabled && !isOfOtherRoom(kind, rule, roomId));
    if (left.length > 0) custom[kind] = left;
    if (left.length < rules.length) isNarrower = true;
  }
  return isNarrower ? { ...changes, custom } : changes;
}

/**
 * A text that two sets of rules have in common exactly when they are equal: a key to share compiled rules by.
 *
 * @example
 * ```ts
 * pushRulesKey(NO_PUSH_RULE_CHANGES); // => '{"custom":{},"defaults":{}}'
 * ```
 */
export function pushRulesKey(changes: PushRuleChanges): string {
  return canonicalJson(changes);
}

const CUSTOMISED: readonly PushRuleKind[] = ['override', 'content', 'room', 'sender', 'underride'];

function isOfOtherRoom(kind: PushRuleKind, rule: CustomPushRule, roomId: string): boolean {
  if (kind === 'room') return rule.rule_id !== roomId;
  return rule.conditions?.some((condition) => namesOtherRoom(condition, roomId)) === true;
}

function namesOtherRoom({ kind, key, pattern, value }: PushCondition, roomId: string): boolean {
  if (key !== 'room_id') return false;
  if (kind === 'event_property_is') return value !== roomId;
  if (kind !== 'event_match' || typeof pattern !== 'string') return false;
  return !/[*?]/.test(pattern) && pattern.toLowerCase() !== roomId.toLowerCase();
}
