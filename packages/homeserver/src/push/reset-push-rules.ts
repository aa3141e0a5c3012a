import { NO_PUSH_RULE_CHANGES } from '@soma/protocol';

import { changePushRules } from './change-push-rules.ts';
import type { PushRules } from './push-rules.ts';

/** Gives a user the default push rules again. */
export async function resetPushRules(push: PushRules, userNid: number): Promise<void> {
  await changePushRules(push, userNid, () => ({ ok: true, changes: NO_PUSH_RULE_CHANGES }));
}
