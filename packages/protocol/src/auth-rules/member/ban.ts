import { otherwiseReject, reject } from '../rule.ts';
import type { RuleGroup } from '../rule.ts';

/** If `membership` is `ban`. */
export const ban: RuleGroup = {
  when: (context) => context.content('membership') === 'ban',
  rules: [
    {
      check: ({ senderMembership }) =>
        senderMembership === 'join' ? undefined : reject('the sender is not joined'),
    },
    {
      check: ({ target, senderLevel, levels }) =>
        senderLevel >= levels.ban && levels.userLevel(target) < senderLevel ? 'allow' : undefined,
    },
    otherwiseReject('the power to ban that user is missing'),
  ],
};
