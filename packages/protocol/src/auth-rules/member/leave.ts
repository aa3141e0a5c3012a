import { otherwiseReject, reject } from '../rule.ts';
import type { RuleGroup } from '../rule.ts';

/** If `membership` is `leave`: leaving, declining, kicking, unbanning. */
export const leave: RuleGroup = {
  when: (context) => context.content('membership') === 'leave',
  rules: [
    {
      check: ({ event, target, targetMembership, version }) => {
        if (event.sender !== target) return undefined;
        return version.membershipsToLeave.includes(targetMembership)
          ? 'allow'
          : reject(`a user with the membership ${targetMembership} cannot leave`);
      },
    },
    {
      check: ({ senderMembership }) =>
        senderMembership === 'join' ? undefined : reject('the sender is not joined'),
    },
    {
      check: ({ targetMembership, senderLevel, levels }) =>
        targetMembership === 'ban' && senderLevel < levels.ban
          ? reject('the power to unban is missing')
          : undefined,
    },
    {
      check: ({ target, senderLevel, levels }) =>
        senderLevel >= levels.kick && levels.userLevel(target) < senderLevel ? 'allow' : undefined,
    },
    otherwiseReject('the power to kick that user is missing'),
  ],
};
