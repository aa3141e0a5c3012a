import { type PushRuleset, rulesetFor } from '@soma/protocol';

import type { Reader } from '../storage/sql.ts';
import { readPushRuleChanges } from './change-push-rules.ts';
import { readPushRules } from './push-rule-store.ts';

/** All push rules of a user: the content of `m.push_rules` (CS API, "Push Rules: Events"). */
export async function pushRulesOf(
  reader: Reader,
  userNid: number,
  userId: string,
): Promise<PushRuleset> {
  return rulesetFor(await readPushRuleChanges(reader, userNid), userId);
}

/** Whether the user changed them in (`above`, `upTo`]. */
export async function havePushRulesChanged(
  reader: Reader,
  userNid: number,
  above: number,
  upTo: number,
): Promise<boolean> {
  const row = await readPushRules(reader, userNid);
  return row !== undefined && row.position > above && row.position <= upTo;
}
