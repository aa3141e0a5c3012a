import type { RoomVersion } from '../room-versions/types.ts';
import type { AuthContext } from './context.ts';
import type { AuthVerdict } from './types.ts';

/** What one rule says: allow, reject with a reason, or undefined to go on with the next rule. */
export type Outcome = 'allow' | Rejection | undefined;

interface Rejection {
  readonly reject: string;
  readonly malformed?: true;
}

/** One numbered rule of the spec. `in` tells which room versions have it; without it all do. */
export interface Rule {
  readonly in?: (version: RoomVersion) => boolean;
  readonly check: (context: AuthContext) => Outcome;
}

/** A numbered rule with numbered rules of its own, which apply `when` it does. */
export interface RuleGroup {
  readonly in?: (version: RoomVersion) => boolean;
  readonly when: (context: AuthContext) => boolean;
  readonly rules: RuleList;
}

/** Rules in the spec's order: the number of a rule is its place among those that the room version has. */
export type RuleList = readonly (Rule | RuleGroup)[];

/** A rejection. */
export function reject(reason: string): Outcome {
  return { reject: reason };
}

/** A rejection of what the event says, whoever says it. */
export function rejectContent(reason: string): Outcome {
  return { reject: reason, malformed: true };
}

/** The rule that ends many groups. */
export const otherwiseAllow: Rule = { check: () => 'allow' };

/** The other rule that ends many groups. */
export function otherwiseReject(reason: string): Rule {
  const outcome = reject(reason);
  return { check: () => outcome };
}

/**
 * Makes one function of the rules that a room version has, in order. It answers undefined when no rule decides.
 */
export function assemble(
  rules: RuleList,
  version: RoomVersion,
  prefix = '',
): (context: AuthContext) => AuthVerdict | undefined {
  const steps = rules
    .filter((rule) => rule.in === undefined || rule.in(version))
    .map((rule, index) => assembleOne(rule, version, `${prefix}${index + 1}`));
  return (context) => {
    for (const step of steps) {
      const verdict = step(context);
      if (verdict !== undefined) return verdict;
    }
    return undefined;
  };
}

function assembleOne(
  rule: Rule | RuleGroup,
  version: RoomVersion,
  number: string,
): (context: AuthContext) => AuthVerdict | undefined {
  if ('rules' in rule) {
    const { when } = rule;
    const inner = assemble(rule.rules, version, `${number}.`);
    return (context) => (when(context) ? inner(context) : undefined);
  }
  const { check } = rule;
  const allowed: AuthVerdict = { allowed: true, rule: number };
  return (context) => {
    const outcome = check(context);
    if (outcome === undefined) return undefined;
    if (outcome === 'allow') return allowed;
    const { reject: reason, ...kind } = outcome;
    return { allowed: false, rule: number, reason, ...kind };
  };
}
