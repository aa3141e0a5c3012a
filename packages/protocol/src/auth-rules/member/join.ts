import { referencedId } from '../../events/references.ts';
import type { AuthContext } from '../context.ts';
import { creatorsOf } from '../power-levels.ts';
import { otherwiseAllow, otherwiseReject, reject } from '../rule.ts';
import type { RuleGroup } from '../rule.ts';

/** If `membership` is `join`. */
export const join: RuleGroup = {
  when: (context) => context.content('membership') === 'join',
  rules: [
    { check: (context) => (isFirstJoin(context) ? 'allow' : undefined) },
    {
      check: ({ event, target }) =>
        event.sender === target ? undefined : reject('nobody can join for another user'),
    },
    {
      check: ({ senderMembership }) =>
        senderMembership === 'ban' ? reject('the user is banned') : undefined,
    },
    {
      check: (context) =>
        context.version.joinRulesForInvited.includes(context.joinRule) && isInvitedOrJoined(context)
          ? 'allow'
          : undefined,
    },
    {
      in: ({ joinRulesForRestricted }) => joinRulesForRestricted.length > 0,
      when: ({ version, joinRule }) => version.joinRulesForRestricted.includes(joinRule),
      rules: [
        { check: (context) => (isInvitedOrJoined(context) ? 'allow' : undefined) },
        {
          check: (context) =>
            isAuthorised(context)
              ? undefined
              : reject('no joined member who may invite has authorised the join'),
        },
        otherwiseAllow,
      ],
    },
    { check: ({ joinRule }) => (joinRule === 'public' ? 'allow' : undefined) },
    otherwiseReject('the user is not invited and the room is not public'),
  ],
};

// The creator's own join, right after the create event, when there is no membership and no join rule yet.
function isFirstJoin({ event, create, target, version }: AuthContext): boolean {
  const [previous, ...others] = event.prev_events;
  if (create === undefined || previous === undefined || others.length > 0) return false;
  return referencedId(previous) === create.eventId && creatorsOf(create, version)[0] === target;
}

function isInvitedOrJoined({ targetMembership }: AuthContext): boolean {
  return targetMembership === 'join' || targetMembership === 'invite';
}

function isAuthorised(context: AuthContext): boolean {
  const authoriser = context.content('join_authorised_via_users_server');
  if (typeof authoriser !== 'string' || context.membershipOf(authoriser) !== 'join') return false;
  return context.levels.userLevel(authoriser) >= context.levels.invite;
}
