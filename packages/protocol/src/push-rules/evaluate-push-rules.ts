import { isJsonObject } from '../canonical-json.ts';
import type { CompiledPushRules, PushOutcome } from './compile-rules.ts';
import type { PushEvent, PushQuestion, PushRoom, PushUser } from './conditions.ts';

const NOTHING: PushOutcome = { notify: false, highlight: false, actions: [] };

/**
 * Finds the rule that an event matches first and what it does (spec: Client-Server API, "Push Rules").
 *
 * Without a user the answer is that for a member whom the event does not single out: conditions on the user's ID
 * or display name do not match. It holds for everyone with these rules but the sender, those in `namedUsers`,
 * and, where the rules `dependsOnDisplayName`, those whose name could be in the text. With a user it is exact,
 * and the sender is never notified.
 */
export function evaluatePushRules(
  { rules }: CompiledPushRules,
  event: PushEvent,
  room: PushRoom,
  user?: PushUser,
): PushOutcome {
  if (user !== undefined && user.userId === event.sender) return NOTHING;
  const question: PushQuestion = { event, room, user };
  for (const { conditions, outcome } of rules) {
    if (conditions.every((holds) => holds(question))) return outcome;
  }
  return NOTHING;
}

/**
 * The user IDs that an event singles out: those in `m.mentions.user_ids`, and the one whose membership it sets.
 * No ID occurs twice; they are as the sender wrote them and need not exist.
 */
export function namedUsers({ type, state_key: stateKey, content }: PushEvent): string[] {
  const mentions = Object.hasOwn(content, 'm.mentions') ? content['m.mentions'] : undefined;
  const listed = isJsonObject(mentions) ? mentions['user_ids'] : undefined;
  const isMembership = type === 'm.room.member' && stateKey !== undefined;
  if (!Array.isArray(listed)) return isMembership ? [stateKey] : [];
  const named = new Set(listed.filter((userId) => typeof userId === 'string'));
  if (isMembership) named.add(stateKey);
  return [...named];
}
