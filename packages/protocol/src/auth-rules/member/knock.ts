import { otherwiseReject, reject } from '../rule.ts';
import type { RuleGroup } from '../rule.ts';

/** If `membership` is `knock` (version 7 and later). */
export const knock: RuleGroup = {
  in: ({ knocking }) => knocking,
  when: (context) => context.content('membership') === 'knock',
  rules: [
    {
      check: ({ version, joinRule }) =>
        version.joinRulesForKnocking.includes(joinRule)
          ? undefined
          : reject(`the join rule ${joinRule} does not allow knocking`),
    },
    {
      check: ({ event, target }) =>
        event.sender === target ? undefined : reject('nobody can knock for another user'),
    },
    {
      check: ({ senderMembership }) =>
        ['ban', 'invite', 'join'].includes(senderMembership) ? undefined : 'allow',
    },
    otherwiseReject('the user is banned, invited or joined'),
  ],
};
