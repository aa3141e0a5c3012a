import { authEvents, roomIdIsCreateEvent } from './auth-events.ts';
import { create } from './create.ts';
import { domainOf } from './domain-of.ts';
import { member } from './member/member.ts';
import { powerLevelsEvent } from './power-levels-event.ts';
import { redaction } from './redaction.ts';
import { otherwiseAllow, reject } from './rule.ts';
import type { Rule, RuleGroup, RuleList } from './rule.ts';

const federate: Rule = {
  check: ({ event, create: createEvent }) => {
    if (createEvent?.content['m.federate'] !== false) return undefined;
    return domainOf(event.sender) === domainOf(createEvent.sender)
      ? undefined
      : reject('the room does not federate');
  },
};

const aliases: RuleGroup = {
  in: ({ aliasesAuthRule }) => aliasesAuthRule,
  when: ({ event }) => event.type === 'm.room.aliases',
  rules: [
    { check: ({ event }) => (event.state_key === undefined ? reject('no state_key') : undefined) },
    {
      check: ({ event }) =>
        domainOf(event.sender) === event.state_key
          ? undefined
          : reject('the aliases are of another server than the sender'),
    },
    otherwiseAllow,
  ],
};

const senderIsJoined: Rule = {
  check: ({ senderMembership }) =>
    senderMembership === 'join' ? undefined : reject('the sender is not joined'),
};

const thirdPartyInvite: RuleGroup = {
  when: ({ event }) => event.type === 'm.room.third_party_invite',
  rules: [
    {
      check: ({ senderLevel, levels }) =>
        senderLevel >= levels.invite ? 'allow' : reject('the power to invite is missing'),
    },
  ],
};

const requiredLevel: Rule = {
  check: ({ event, levels, senderLevel }) =>
    levels.eventLevel(event.type, event.state_key !== undefined) > senderLevel
      ? reject(`the power to send ${event.type} is missing`)
      : undefined,
};

const ownStateKey: Rule = {
  check: ({ event }) =>
    event.state_key?.startsWith('@') === true && event.state_key !== event.sender
      ? reject('the state key is another user')
      : undefined,
};

/**
 * The authorisation rules of all room versions, in the order of the spec's pages. A rule's number is its place
 * among the rules that a version has, so this table is where the numbers come from.
 */
export const AUTH_RULES: RuleList = [
  create,
  roomIdIsCreateEvent, // version 12 and later
  authEvents,
  federate,
  aliases, // up to version 5
  member,
  senderIsJoined,
  thirdPartyInvite,
  requiredLevel,
  ownStateKey,
  powerLevelsEvent,
  redaction, // versions 1 and 2
  otherwiseAllow,
];
