import { globMatches, parseGlob } from '@soma/protocol';

import type { DirectoryRules } from '../config/config.ts';

/** What is asked of the operator's rules. */
export interface RuleQuestion {
  readonly userId: string;
  readonly roomId: string;
  /** One alias to be made, or all of a room to be published. */
  readonly aliases: readonly string[];
}

/** Whether the operator's rules let it happen: the first rule that matches decides. */
export function isAllowed(rules: DirectoryRules | undefined, question: RuleQuestion): boolean {
  if (rules === undefined) return true;
  const found = rules.find(
    (rule) =>
      matches(rule.userId, question.userId) &&
      matches(rule.roomId, question.roomId) &&
      (rule.alias === '*' || question.aliases.some((alias) => matches(rule.alias, alias))),
  );
  return found?.action === 'allow';
}

function matches(pattern: string, text: string): boolean {
  return globMatches(parseGlob(pattern), text);
}
