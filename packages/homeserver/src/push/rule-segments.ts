import { AS_ELSEWHERE, ELSEWHERE } from './push-rule-store.ts';
import type { RuleSetEntry } from './push-rule-store.ts';

/** The rule set that holds for a user's events in (`above`, `upTo`]. */
export interface RuleSegment {
  readonly ruleSetNid: number;
  readonly above: number;
  readonly upTo: number;
}

/**
 * Cuts (`above`, `upTo`] at each change of a user's rules in a room (DATA-MODEL, What people notice).
 *
 * @param entries all entries of the user, oldest first
 */
export function ruleSegments(
  entries: readonly RuleSetEntry[],
  roomNid: number,
  above: number,
  upTo: number,
): RuleSegment[] {
  if (above >= upTo) return [];
  const segments: RuleSegment[] = [];
  let own = AS_ELSEWHERE;
  let elsewhere = 0;
  let from = above;
  for (const entry of entries) {
    if (entry.roomNid !== roomNid && entry.roomNid !== ELSEWHERE) continue;
    if (entry.fromPosition >= upTo) break;
    if (entry.fromPosition > from) {
      append(segments, { ruleSetNid: current(), above: from, upTo: entry.fromPosition });
      from = entry.fromPosition;
    }
    if (entry.roomNid === ELSEWHERE) elsewhere = entry.ruleSetNid;
    else own = entry.ruleSetNid;
  }
  append(segments, { ruleSetNid: current(), above: from, upTo });
  return segments;

  function current(): number {
    return own === AS_ELSEWHERE ? elsewhere : own;
  }
}

/** A change that makes no difference in the room cuts nothing. */
function append(segments: RuleSegment[], segment: RuleSegment): void {
  const last = segments.at(-1);
  if (last?.ruleSetNid !== segment.ruleSetNid) segments.push(segment);
  else segments[segments.length - 1] = { ...last, upTo: segment.upTo };
}
