import { isJsonObject } from '../canonical-json.ts';
import type { CompiledPushRules, PushOutcome } from './compile-rules.ts';
import { folder } from './conditions.ts';
import type { PushEvent, PushQuestion, PushRoom, PushUser } from './conditions.ts';

const NOTHING: PushOutcome = { notify: false, highlight: false, actions: [] };

/**
 * Finds the rule that an event matches first and what it does (spec: Client-Server API, "Push Rules").
 *
 * Without a user the answer is that for a member whom the event does not single out: conditions on the user's ID
 * or display name do not match. It holds for everyone with these rules but the sender, those in `namedUsers`,
 * and, where the rules `dependsOnDisplayName`, those whose name could be in the text. With a user it is exact,
 * and the sender is never notified.
 *
 * @example
 * ```ts
 * const rules = compileRules(NO_PUSH_RULE_CHANGES);
 * const event = {
 *   type: 'm.room.message',
 *   sender: '@bob:example.org',
 *   room_id: '!room:example.org',
 *   content: { body: 'hello', 'm.mentions': { user_ids: ['@alice:example.org'] } },
 * };
 * const room = { memberCount: 3, senderPower: () => 0, notificationLevel: () => 50 };
 * evaluatePushRules(rules, event, room, { userId: '@alice:example.org' }).highlight; // => true
 * evaluatePushRules(rules, event, room).rule; // => '.m.rule.message'
 * evaluatePushRules(rules, event, room, { userId: '@bob:example.org' }).notify; // => false
 * ```
 */
export function evaluatePushRules(
  { rules }: CompiledPushRules,
  event: PushEvent,
  room: PushRoom,
  user?: PushUser,
): PushOutcome {
  if (user !== undefined && user.userId === event.sender) return NOTHING;
  const question: PushQuestion = { event, room, user, fold: folder() };
  for (const { conditions, outcome } of rules) {
    if (conditions.every((holds) => holds(question))) return outcome;
  }
  return NOTHING;
}

/**
 * The user IDs that an event singles out: those in `m.mentions.user_ids`, and the one whose membership it sets.
 * No ID occurs twice; they are as the sender wrote them and need not exist.
 *
 * @example
 * ```ts
 * namedUsers({
 *   type: 'm.room.message',
 *   sender: '@bob:example.org',
 *   room_id: '!room:example.org',
 *   content: { 'm.mentions': { user_ids: ['@alice:example.org'] } },
 * }); // => ['@alice:example.org']
 * ```
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
