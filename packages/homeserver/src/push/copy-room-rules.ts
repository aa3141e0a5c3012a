import { PUSH_RULE_KINDS } from '@soma/protocol';
import type { CustomPushRule, JsonValue, PushCondition, PushRuleChanges } from '@soma/protocol';

import { changePushRules } from './change-push-rules.ts';
import type { PushRules } from './push-rules.ts';

/** Gives the user's rules about one room to another, the one that replaces it (CS API, "Room Upgrades"). */
export async function copyRoomRules(
  push: PushRules,
  userNid: number,
  fromRoomId: string,
  toRoomId: string,
): Promise<void> {
  await changePushRules(push, userNid, (before) => ({
    ok: true,
    changes: withRulesOf(before, fromRoomId, toRoomId),
  }));
}

function withRulesOf(before: PushRuleChanges, from: string, to: string): PushRuleChanges {
  const custom: PushRuleChanges['custom'] = { ...before.custom };
  for (const kind of PUSH_RULE_KINDS) {
    const rules = custom[kind] ?? [];
    const known = new Set(rules.map((rule) => rule.rule_id));
    const copies = rules
      .filter((rule) => names(rule, kind === 'room', from))
      .map((rule) => copyOf(rule, from, to))
      .filter((rule) => !known.has(rule.rule_id));
    if (copies.length > 0) custom[kind] = [...copies, ...rules];
  }
  return { ...before, custom };
}

function names(rule: CustomPushRule, isRoomRule: boolean, roomId: string): boolean {
  if (isRoomRule) return rule.rule_id === roomId;
  return (rule.conditions ?? []).some((condition) => isAbout(condition, roomId));
}

function isAbout({ key, pattern, value }: PushCondition, roomId: string): boolean {
  return key === 'room_id' && (pattern === roomId || value === roomId);
}

function copyOf(rule: CustomPushRule, from: string, to: string): CustomPushRule {
  const ruleId = rule.rule_id.includes(from)
    ? rule.rule_id.replaceAll(from, to)
    : `${rule.rule_id}_${to}`;
  const conditions = rule.conditions?.map((condition) =>
    isAbout(condition, from) ? renamed(condition, from, to) : condition,
  );
  return { ...rule, rule_id: ruleId, ...(conditions === undefined ? {} : { conditions }) };
}

function renamed(condition: PushCondition, from: string, to: string): PushCondition {
  const renameIn = (value: JsonValue): JsonValue => (value === from ? to : value);
  return Object.fromEntries(
    Object.entries(condition).map(([key, value]) => [key, renameIn(value)]),
  );
}
