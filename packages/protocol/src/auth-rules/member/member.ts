import { parseUserId, serverNameOf } from '../../identifiers.ts';
import { otherwiseReject, reject } from '../rule.ts';
import type { RuleGroup } from '../rule.ts';
import { ban } from './ban.ts';
import { invite } from './invite.ts';
import { join } from './join.ts';
import { knock } from './knock.ts';
import { leave } from './leave.ts';

/** If type is `m.room.member`. */
export const member: RuleGroup = {
  when: ({ event }) => event.type === 'm.room.member',
  rules: [
    {
      check: (context) =>
        context.event.state_key === undefined || context.content('membership') === undefined
          ? reject('state_key or membership is missing')
          : undefined,
    },
    {
      in: ({ joinRulesForRestricted }) => joinRulesForRestricted.length > 0,
      when: (context) => context.content('join_authorised_via_users_server') !== undefined,
      rules: [
        {
          check: (context) => {
            const { signedBy } = context.evidence;
            const user = parseUserId(context.content('join_authorised_via_users_server'));
            const isSigned =
              user !== undefined && (signedBy === undefined || signedBy(serverNameOf(user)));
            return isSigned ? undefined : reject('not signed by the server that let the user in');
          },
        },
      ],
    },
    join,
    invite,
    leave,
    ban,
    knock,
    otherwiseReject('the membership is not known'),
  ],
};
