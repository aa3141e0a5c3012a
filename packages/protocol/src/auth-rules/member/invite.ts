import { otherwiseReject, reject } from '../rule.ts';
import type { RuleGroup } from '../rule.ts';
import { thirdParty } from './third-party.ts';

/** If `membership` is `invite`. */
export const invite: RuleGroup = {
  when: (context) => context.content('membership') === 'invite',
  rules: [
    thirdParty,
    {
      check: ({ senderMembership }) =>
        senderMembership === 'join' ? undefined : reject('the sender is not joined'),
    },
    {
      check: ({ targetMembership }) =>
        targetMembership === 'join' || targetMembership === 'ban'
          ? reject(`the invited user has the membership ${targetMembership}`)
          : undefined,
    },
    { check: ({ senderLevel, levels }) => (senderLevel >= levels.invite ? 'allow' : undefined) },
    otherwiseReject('the power to invite is missing'),
  ],
};
